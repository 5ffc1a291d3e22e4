import { decodeCountResult, encodeCount, readCount } from '@caisson/compliance';
import type { LogEntry, Proposed } from '@caisson/contracts';
import { decodeProposal, encodeClearProposal, OPCODES, PROPOSAL_KIND } from '@caisson/formats';
import { SealedWorld } from './sealed-world.js';

const SUB_ENABLE_RAFT = 5;
const user = { source: 'user' } as const;

let world: SealedWorld;

beforeEach(() => {
  world = new SealedWorld();
});

const count = (amount: number) => encodeCount('a', amount);
const kindOf = ({ data }: LogEntry) => data[0];
const isCutover = (payload: Uint8Array) =>
  payload[0] === OPCODES.keyLifecycle && payload[2] === SUB_ENABLE_RAFT;

/** Started, driven, and a write above the cutover; then stopped. */
async function sealedHistory(): Promise<{ readonly cutover: number; readonly entries: readonly LogEntry[] }> {
  await (await world.start()).drive();
  await world.group.propose(count(5), user);
  const { cutover } = world;
  await world.stop();
  return { cutover, entries: await world.entries() };
}

/** Starts twice over what the log holds; both times the entry at `index` stops everything. */
async function haltsAt(index: number, reason: string): Promise<void> {
  for (let start = 0; start < 2; start++) {
    await expect(world.start()).rejects.toMatchObject({
      code: 'APPLY_HALTED',
      details: { group: 1, index, reason, nextStep: expect.any(String) },
    });
    world.node.close();
    expect(world.fatal.pop()).toMatchObject({ code: 'APPLY_HALTED', details: { index } });
  }
}

describe('the log below and above its cutover', () => {
  it('is clear up to and with the entry of the cutover, and sealed from the next one on', async () => {
    const { cutover, entries } = await sealedHistory();
    const filled = entries.filter(({ data }) => data.length > 0);
    const clear = filled.filter(({ index }) => index <= cutover);
    const sealed = filled.filter(({ index }) => index > cutover);
    expect(new Set(clear.map(kindOf))).toEqual(new Set([PROPOSAL_KIND.clear]));
    expect(new Set(sealed.map(kindOf))).toEqual(new Set([PROPOSAL_KIND.sealed]));
    expect(sealed[0]!.index).toBe(cutover + 1);
    expect(clear.at(-1)!.index).toBe(cutover);
    await world.start();
    expect(await readCount(world.group.store, 'a')).toBe(5);
    await world.stop();
  });

  it('refuses what its own leader put behind the cutover before applying it, and goes on', async () => {
    await world.start();
    let early: Promise<Proposed> | undefined;
    world.afterProposal = (group, payload) => {
      if (isCutover(payload)) early = group.propose(count(3), { source: 'system' });
    };
    await world.drive();
    const { position, outcome } = await early!;
    expect(position).toBe(world.cutover + 1);
    expect(outcome).toMatchObject({ kind: 'refused', error: { code: 'ENVELOPE_CUTOVER_IN_PROGRESS' } });
    expect(world.group.status().applied).toBeGreaterThanOrEqual(position);
    expect(world.group.status().refused).toBe(1);
    expect(await readCount(world.group.store, 'a')).toBe(0);
    const repeated = await world.group.propose(count(3), user);
    expect(repeated.outcome).toMatchObject({ kind: 'applied' });
    await world.stop();
    await world.start();
    expect([world.group.status().refused, await readCount(world.group.store, 'a')]).toEqual([1, 3]);
    await world.stop();
  });

  it('halts at a clear entry once a sealed one was applied, in the term of the cutover too', async () => {
    const { entries } = await sealedHistory();
    const sealed = entries.find((entry) => kindOf(entry) === PROPOSAL_KIND.sealed)!;
    const { proposalId } = decodeProposal(sealed.data);
    await haltsAt(
      await world.forge({ data: encodeClearProposal(proposalId, count(9)) }),
      'RAFT_UNWRAP_FAILED',
    );
  });

  it('halts at a clear entry of a later term, sealed ones or not', async () => {
    await (await world.start()).drive();
    await world.stop();
    const last = (await world.entries()).at(-1)!;
    const data = encodeClearProposal(1n, count(9));
    await haltsAt(await world.forge({ term: last.term + 1, data }), 'RAFT_UNWRAP_FAILED');
  });

  it('halts at a sealed entry below any cutover', async () => {
    await world.start();
    await world.stop();
    const data = encodeClearProposal(1n, count(9));
    data[0] = PROPOSAL_KIND.sealed;
    await haltsAt(await world.forge({ data }), 'RAFT_UNWRAP_FAILED');
  });
});

describe('sealed entries', () => {
  const damages: readonly (readonly [
    what: string,
    reason: string,
    damage: (data: Uint8Array) => Uint8Array,
  ])[] = [
    ['are moved to another place', 'RAFT_UNWRAP_FAILED', (data) => data],
    ['have a flipped bit in their tag', 'RAFT_UNWRAP_FAILED', (data) => flipped(data, data.length - 1)],
    ['name a key nobody has seen', 'RAFT_UNWRAP_FAILED', (data) => flipped(data, 11)],
    ['end early', 'RAFT_UNWRAP_FAILED', (data) => data.subarray(0, 20)],
    ['are no proposals at all', 'ENTRY_MALFORMED', () => Uint8Array.of(PROPOSAL_KIND.sealed)],
  ];

  it.each(damages)('halt where they %s, and nothing of them is applied', async (_what, reason, damage) => {
    const { entries } = await sealedHistory();
    const { data } = entries.findLast((entry) => kindOf(entry) === PROPOSAL_KIND.sealed)!;
    await haltsAt(await world.forge({ data: damage(Uint8Array.from(data)) }), reason);
  });

  it('hand appliers memory of their own, as clear ones do', async () => {
    await world.start();
    const seen: Uint8Array[] = [];
    world.counters.onApply = ({ payload }) => void seen.push(payload);
    await world.group.propose(count(1), { source: 'system' });
    await world.drive();
    await world.group.propose(count(2), user);
    for (const payload of seen) payload.fill(0xff);
    await world.stop();
    world.stores.crash();
    const replayed: number[] = [];
    world.counters.onApply = ({ payload }) => void replayed.push(payload.length);
    await world.start();
    const { outcome } = await world.group.propose(count(1), { source: 'system' });
    expect(outcome.kind === 'applied' && decodeCountResult(outcome.result)).toBe(4);
    expect(seen).toHaveLength(2);
    await world.stop();
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at]! ^= 1;
  return bytes;
}
