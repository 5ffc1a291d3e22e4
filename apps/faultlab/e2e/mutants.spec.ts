import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MENDED } from '../src/plants/mended.js';
import { StoredMutants } from '../src/reports/mutants.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultlab-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs the gate, and interrupts it once it has told of a bug if that is asked for. */
function mutants(args: readonly string[], isInterrupted = false): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, 'mutants', ...args], { stdio: 'pipe' });
    let said = '';
    child.stderr.once('data', () => isInterrupted && child.kill('SIGINT'));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
    child.on('close', (code) => resolve({ code, said }));
  });
}

/** Whole processes on a machine that may have much else to do. */
const PATIENCE_MS = 300_000;

const kept = async (file: string) => StoredMutants.parse(JSON.parse(await readFile(file, 'utf8'))).results;

test(
  'planted bugs are caught by their rules, real ones among them, and what was interrupted goes on',
  async () => {
    const file = join(folder, 'mutants.json');
    // One around a service, one in the sources, and all that storms once found in the product.
    const names = ['skips-effects', 'counts-in-circles', ...Object.keys(MENDED)];
    const cheap = ['--seconds', '4', '--json', file];
    expect(await mutants([...names, ...cheap, '--jobs', '1'], true)).toMatchObject({ code: 130 });
    const before = await kept(file);
    expect(before.length).toBeLessThan(names.length);
    const { code, said } = await mutants([...names, ...cheap, '--resume', file]);
    expect([code, said.includes(`${names.length} of ${names.length} caught`)]).toEqual([0, true]);
    const results = await kept(file);
    expect(results.slice(0, before.length)).toEqual(before);
    expect(results.map(({ caught, plant }) => [plant, caught?.isExpected])).toEqual(
      names.map((name) => [name, true]),
    );
  },
  PATIENCE_MS,
);

test(
  'a bug that no storm is long enough for survives, and ends the program with 7',
  async () => {
    const { code, said } = await mutants(['reads-the-past', '--seconds', '0.1', '--seeds-max', '1']);
    expect([code, said.includes('SURVIVED')]).toEqual([7, true]);
  },
  PATIENCE_MS,
);
