import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planOf } from '../faults/plan.js';
import { readPlan } from './plan-file.js';

const plan = planOf({ seed: 3, stormMs: 1000 });
const COUNTS = { simulatedMs: 1, events: 1, acknowledged: 1, checked: 1, entries: 1, terms: 1, installs: 0 };

function reportOf(...rules: readonly string[]): object {
  const findings = rules.map((rule) => ({ rule, atMs: 1, text: '' }));
  const counts = { ...COUNTS, seals: 0, bytesScanned: 0, nodes: 3 };
  const bare = { traceHash: '', begunAtMs: 0, effective: {}, wallMs: 1, counts };
  const runs = [
    { ...bare, seed: 1, findings: [] },
    { ...bare, seed: 3, findings, plan },
  ];
  return { schema: 'caisson.faultlab.report/v1', command: 'sim', node: 'v20', untested: [], runs };
}

describe('a file that holds a plan', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plan-file-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function readBack(document: object): Promise<unknown> {
    const path = join(folder, 'file.json');
    await writeFile(path, JSON.stringify(document));
    return readPlan(path);
  }

  it('is a plan, or a report of a storm that broke a rule', async () => {
    expect(await readBack(plan)).toEqual(plan);
    expect(await readBack(reportOf('T1'))).toEqual(plan);
  });

  it('is refused for what it is', async () => {
    await expect(readBack(reportOf())).rejects.toThrow('holds no plan of a storm that broke a rule');
    await expect(readBack({ schema: 'other' })).rejects.toThrow('is no plan: schema');
  });
});
