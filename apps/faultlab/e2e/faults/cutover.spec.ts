import type { LogEntry } from '@caisson/contracts';
import { decodeProposal } from '@caisson/formats';
import { ENGINE } from '../../src/cluster/engine.js';
import { beforeApply, HOLDS_NOBODY, isCutover, LogRecord } from './hooks.js';
import { Lab } from './lab.js';
import type { LabNode, Setting } from './node.js';

const CLEAR = { birth: 'clear' } as const;
/** Each write is a proposal of its own. */
const ONE_BY_ONE = { gatherCommandsMax: 1 } as const;
const IN_FLIGHT = 10_000;
const WAVE = 1000;
const WIDE_ENGINE = { ...ENGINE, limits: { proposals: IN_FLIGHT } } as const;

let lab: Lab;
let record: LogRecord;
beforeEach(() => void (record = new LogRecord()));
afterEach(() => lab.end());

const cutoverOf = ({ encryption }: LabNode) => encryption.groups[0]!.raftEnvelopeCutoverIndex;

/** All replicas hold the same, nobody has stopped, and each reads what was written. */
async function agree(written: ReadonlyMap<string, string>): Promise<void> {
  await lab.even();
  const [first, ...others] = await Promise.all(lab.nodes.map((node) => lab.rows(node)));
  for (const other of others) expect(other).toEqual(first);
  for (const node of lab.nodes) {
    expect(node.fatal).toBeUndefined();
    const pairs = await lab.pairs(node);
    for (const [key, value] of written) expect([key, pairs.get(key)]).toEqual([key, value]);
  }
}

/** How many entries of each kind every log was given on either side of the cutover, at least. */
function entriesAround(cutover: number): Readonly<Record<string, number>> {
  const fewest: Record<string, number> = {};
  for (const entries of record.kept) {
    for (const [what, count] of countEntries(entries, cutover)) {
      fewest[what] = Math.min(count, fewest[what] ?? Infinity);
    }
  }
  return fewest;
}

function countEntries(entries: ReadonlyMap<number, LogEntry>, cutover: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { index, kind, data } of entries.values()) {
    if (kind !== 'normal' || data.length === 0) continue;
    const side = index < cutover ? 'below' : index === cutover ? 'at' : 'above';
    const what = `${decodeProposal(data).kind} ${side}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return counts;
}

async function oneCutover(): Promise<number> {
  await lab.even();
  const [cutover, ...others] = new Set(lab.nodes.map(cutoverOf));
  expect(others).toEqual([]);
  return cutover!;
}

function wave(first: number, count: number): ReadonlyMap<string, string> {
  return new Map(Array.from({ length: count }, (_, at) => [`k${first + at}`, `value ${first + at}`]));
}

test('ten thousand proposals in flight across the cutover: none is lost, none is of the wrong kind', async () => {
  lab = await Lab.of(3, { ...CLEAR, logs: record.around, engine: WIDE_ENGINE, kv: ONE_BY_ONE });
  await lab.enable('storage');
  await lab.write('before', 'the others');
  const refusals = new Set<string>();
  const note = (code: string) => void refusals.add(code);
  const ordered = lab.enable('raft');
  const pending: Promise<void>[] = [];
  for (let first = 0; first < IN_FLIGHT; first += WAVE) {
    pending.push(lab.writeAll(wave(first, WAVE), note));
    await lab.pass();
  }
  await Promise.all([...pending, ordered]);
  expect([...refusals]).toEqual(['ENVELOPE_CUTOVER_IN_PROGRESS']);
  const cutover = await oneCutover();
  await agree(wave(0, IN_FLIGHT));
  const entries = entriesAround(cutover);
  expect(entries).toEqual({
    'clear below': expect.any(Number),
    'clear at': 1,
    'sealed above': expect.any(Number),
  });
  expect(entries['clear below']).toBeGreaterThan(WAVE);
  expect(entries['sealed above']).toBeGreaterThan(WAVE);
}, 240_000);

describe('a leader that dies between the commit of the cutover and its own apply of it', () => {
  /** Started so that it leads, and so that it dies there. */
  async function doomed(changes: Partial<Setting> = {}): Promise<LabNode> {
    const old = await lab.led();
    let isArmed = true;
    const dies = beforeApply(async (entry) => {
      if (!isArmed || !isCutover(entry)) return;
      isArmed = false;
      await lab.clock.sleep(20);
      old.kill();
    });
    const { around = (_token, instance) => instance } = changes;
    await lab.settled(old.stop());
    const both: Setting['around'] = (token, instance) => dies(token, around(token, instance));
    await lab.settled(old.start({ ...changes, around: both }));
    const other = await lab.led();
    if (other !== old) await lab.settled(other.engine.transferLeadership(1, old.name));
    await lab.until('it leads again', () => lab.leader === old);
    return old;
  }

  test('leaves a cluster that goes on sealed, and comes back to the same cutover', async () => {
    lab = await Lab.of(3, { ...CLEAR, logs: record.around });
    await lab.enable('storage');
    await lab.write('before', 'clear in the log');
    const old = await doomed();
    void lab.enable('raft').catch(() => undefined);
    await lab.until('it dies', () => old.isDown);
    await lab.write('after', 'sealed in the log');
    await lab.settled(old.start());
    await lab.enable('raft');
    await agree(
      new Map([
        ['before', 'clear in the log'],
        ['after', 'sealed in the log'],
      ]),
    );
    const entries = entriesAround(await oneCutover());
    expect(Object.keys(entries).sort()).toEqual(['clear at', 'clear below', 'sealed above']);
  });

  test('and let users write clear behind it meanwhile: those entries are refused everywhere, and stop nobody', async () => {
    lab = await Lab.of(3, { ...CLEAR, logs: record.around, kv: ONE_BY_ONE });
    await lab.enable('storage');
    const old = await doomed({ around: HOLDS_NOBODY });
    await lab.write('before', 'the others');
    const written = wave(0, 200);
    const applied = old.group.status().durable;
    void lab.enable('raft').catch(() => undefined);
    await lab.until('the cutover is in the log', () => old.group.status().durable > applied);
    const writing = lab.writeAll(written);
    await lab.until('it dies', () => old.isDown);
    await lab.settled(old.start());
    await writing;
    const cutover = await oneCutover();
    await agree(written);
    const refused = new Set(lab.nodes.map(({ group }) => group.status().refused));
    expect(refused.size).toBe(1);
    const { 'clear above': behind } = entriesAround(cutover);
    expect(behind).toBeGreaterThan(0);
    expect([...refused][0]).toBeGreaterThanOrEqual(behind!);
  });
});
