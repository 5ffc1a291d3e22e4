import { override } from '@caisson/compliance';
import type { ApplyEntry } from '@caisson/contracts';
import { ENGINE } from '../../src/cluster/engine.js';
import { beforeApply, HOLDS_NOBODY, isCutover } from './hooks.js';
import { Lab } from './lab.js';
import type { LabNode, Setting } from './node.js';

const CLEAR = { birth: 'clear' } as const;

let lab: Lab;
afterEach(() => lab.end());

const cutoverOf = ({ encryption }: LabNode) => encryption.groups[0]!.raftEnvelopeCutoverIndex;

async function agree(written: ReadonlyMap<string, string>): Promise<void> {
  await lab.even();
  const [first, ...others] = await Promise.all(lab.nodes.map((node) => lab.rows(node)));
  for (const other of others) expect(other).toEqual(first);
  for (const node of lab.nodes) expect(node.fatal).toBeUndefined();
  expect(await lab.pairs(await lab.led())).toEqual(written);
  expect(new Set(lab.nodes.map(cutoverOf)).size).toBe(1);
}

function values(count: number): ReadonlyMap<string, string> {
  return new Map(
    Array.from({ length: count }, (_, at) => [`k${String(at).padStart(3, '0')}`, `value ${at}`]),
  );
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a lead that moves %i ms into the cutover loses nothing and stops nobody, whether users are held back or not',
  async (ms) => {
    for (const around of [HOLDS_NOBODY, (_token: string, instance: unknown) => instance]) {
      lab = await Lab.of(3, { ...CLEAR, around, kv: { gatherCommandsMax: 1 } });
      await lab.enable('storage');
      await lab.write('k000', 'value 0');
      const old = await lab.led();
      const writing = lab.writeAll(values(100));
      const ordered = lab.enable('raft').catch(() => undefined);
      await lab.pass(ms);
      const moved = old.engine.transferLeadership(1, lab.nodes.find((node) => node !== old)!.name);
      await lab.settled(moved.catch(() => undefined));
      await Promise.all([writing, ordered]);
      await lab.enable('raft');
      await agree(values(100));
      lab.end();
    }
  },
);

test('a cutover that never commits lets users in again, here and at the next leader, and can be repeated', async () => {
  let isMute = false;
  const transport: Setting['transport'] = (sound) =>
    override(sound, { send: (...frame) => (isMute ? undefined : sound.send(...frame)) });
  lab = await Lab.of(3, CLEAR);
  const old = await lab.led();
  await lab.settled(old.stop());
  await lab.settled(old.start({ transport }));
  await lab.enable('storage');
  const other = await lab.led();
  if (other !== old) await lab.settled(other.engine.transferLeadership(1, old.name));
  await lab.until('it leads again', () => lab.leader === old);
  isMute = true;
  const failure = await lab.failure(lab.order(old.keys.enableRaftEnvelope({}, {})));
  expect(['NOT_LEADER', 'UNKNOWN_OUTCOME']).toContain(failure);
  await lab.until('another one leads', () => lab.leader !== undefined && lab.leader !== old);
  await lab.write('k000', 'value 0');
  isMute = false;
  await lab.even();
  await lab.settled((await lab.led()).engine.transferLeadership(1, old.name));
  await lab.until('it leads once more', () => lab.leader === old);
  await lab.write('k001', 'value 1');
  expect(cutoverOf(old)).toBe(0);
  await lab.enable('raft');
  expect(cutoverOf(old)).toBeGreaterThan(0);
  await lab.write('k002', 'value 2');
  await agree(values(3));
});

test('a learner that installs a snapshot from just before the cutover applies the cutover and reads on', async () => {
  const gate = { isShut: true, entered: 0 };
  const transport: Setting['transport'] = (sound) =>
    override(sound, {
      sendSnapshot: async (group, to, snapshot, signal) => {
        gate.entered++;
        while (gate.isShut) await lab.clock.sleep(1);
        return sound.sendSnapshot(group, to, snapshot, signal);
      },
    });
  // What follows the snapshot has to be there still when it has arrived.
  const engine = { ...ENGINE, compaction: { entries: 1000, keepEntries: 1 } };
  lab = await Lab.of(1, { ...CLEAR, engine, transport });
  await lab.enable('storage');
  await lab.writeAll(values(40));
  const leader = await lab.led();
  await lab.settled(leader.engine.takeSnapshot(1));

  const applied: ApplyEntry[] = [];
  const learner = lab.add('n2', { around: beforeApply((entry) => void applied.push(entry)) });
  await lab.settled(learner.start());
  const letIn = lab.letIn(learner, 'learner');
  await lab.until('a snapshot is on its way', () => gate.entered > 0);
  const { applied: taken } = leader.group.status();
  // Clear entries stay in the learner's reach until it has them: the order says so, and is repeated.
  const enabled = lab.failure(lab.enable('raft'));
  await lab.until('the cutover is applied', () => cutoverOf(leader) > 0);
  await lab.write('k040', 'value 40');
  gate.isShut = false;
  await Promise.all([letIn, enabled]);
  await lab.enable('raft');
  await agree(values(41));
  expect(cutoverOf(leader)).toBe(taken + 1);
  expect(isCutover(applied[0]!)).toBe(true);
  expect(applied[0]!.index).toBe(taken + 1);
  expect(applied.length).toBeGreaterThan(1);
  await lab.settled(leader.engine.changeMembership(1, { kind: 'promote', name: 'n2' }));
  await lab.settled(leader.engine.transferLeadership(1, 'n2'));
  await lab.until('it leads', () => lab.leader === learner);
  await lab.write('k041', 'value 41');
  await agree(values(42));
});
