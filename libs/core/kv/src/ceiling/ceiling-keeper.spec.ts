import { type Command, decodeCommand, decodeCommands, OPCODES, payloadOpcode } from '@caisson/formats';
import { decodeHlcCeiling } from '@caisson/formats';
import { msOfTimestamp, timestampOfMs } from '@caisson/mvcc';
import { MemoryStores } from '@caisson/store-memory';
import fc from 'fast-check';
import { key, Node } from '../testdata/node.js';
import { Replica, SharedLog } from '../testdata/shared-log.js';

const put = { mutations: [{ op: 'put' as const, key: key('a'), value: key('a') }] };

const isCeiling = (payload: Uint8Array): boolean => payloadOpcode(payload) === OPCODES.hlcCeiling;

function ceilingsOf(payloads: readonly Uint8Array[]): number[] {
  return payloads.filter(isCeiling).map((payload) => Number(decodeHlcCeiling(payload)));
}

function commitsOf(payload: Uint8Array): bigint[] {
  return decodeCommands(payload)
    .map((bytes): Command => decodeCommand(bytes))
    .map(({ commitTs }) => commitTs);
}

/** Lets alarms ring one after the other, and what they started settle. */
async function pass(node: { readonly clock: Node['clock'] }, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    node.clock.advance(10);
    for (let turn = 0; turn < 8; turn++) await node.clock.turn();
  }
}

test('the first write raises the ceiling one window above now, and those after it need no further entry', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  await node.put('a', 'two');
  expect(ceilingsOf(node.engine.log)).toEqual([node.clock.nowMs() + 3000]);
  expect(payloadOpcode(node.engine.log[0]!)).toBe(OPCODES.hlcCeiling);
});

test('while writes come the ceiling is renewed before it is needed, and without them not at all', async () => {
  const node = await Node.open();
  for (let round = 0; round < 20; round++) {
    await node.put('a', 'v');
    await pass(node, 500);
  }
  const start = ceilingsOf(node.engine.log)[0]!;
  expect(ceilingsOf(node.engine.log)).toEqual([0, 2000, 4000, 6000, 8000, 10_000].map((ms) => start + ms));
  await pass(node, 10_000);
  const entries = node.engine.log.length;
  await pass(node, 60_000);
  expect(node.engine.log.length).toBe(entries);
  expect(node.clock.waiting).toBe(0);
});

test('a write that comes after a pause waits for one entry, not for time', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  await pass(node, 60_000);
  const before = node.clock.monotonicMs();
  await node.put('a', 'two');
  expect(node.clock.monotonicMs()).toBe(before);
});

test('a leadership starts above the ceiling of the one before, and does not wait for it', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  const [ceiling] = ceilingsOf(node.engine.log);
  await pass(node, 1000);
  node.engine.leading.leadership += 1;
  const before = node.clock.monotonicMs();
  const commitTs = await node.during(node.put('a', 'two'));
  expect(commitTs).toBeGreaterThan(timestampOfMs(ceiling!));
  expect(node.clock.monotonicMs() - before).toBeLessThanOrEqual(10);
  expect(ceilingsOf(node.engine.log).at(-1)).toBe(node.clock.nowMs() + 3000);
});

test('leaderships that follow each other at once wait, so that the clock does not run away with them', async () => {
  const node = await Node.open();
  let last = 0n;
  for (let change = 0; change < 30; change++) {
    node.engine.leading.leadership += 1;
    last = await node.during(node.put('a', 'v'));
    expect(msOfTimestamp(last) - node.clock.nowMs()).toBeLessThanOrEqual(4000);
  }
  await pass(node, 5000);
  expect(msOfTimestamp(await node.during(node.put('a', 'w')))).toBe(node.clock.nowMs());
});

test('a leader whose wall clock is far behind waits one window, then follows the clock before it', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  const [ceiling] = ceilingsOf(node.engine.log);
  node.clock.step(-100_000);
  node.engine.leading.leadership += 1;
  const before = node.clock.monotonicMs();
  const commitTs = await node.during(node.put('a', 'two'));
  expect(node.clock.monotonicMs() - before).toBe(3000);
  expect(msOfTimestamp(commitTs)).toBe(ceiling);
  const entries = node.engine.log.length;
  for (let round = 0; round < 10; round++) {
    await node.put('a', 'v');
    await pass(node, 100);
  }
  expect(node.engine.log.length - entries).toBeLessThanOrEqual(10 + 3);
});

test('a restart counts as a new leadership', async () => {
  const stores = new MemoryStores();
  const before = await Node.open({}, stores);
  await before.put('a', 'one');
  stores.crash();
  const after = await Node.open({}, stores, before.clock);
  const [ceiling] = ceilingsOf(before.engine.log);
  expect(await after.during(after.put('a', 'two'))).toBeGreaterThan(timestampOfMs(ceiling!));
});

test('a write whose ceiling is not renewed in time fails with CLOCK_CEILING, and was never proposed', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  await pass(node, 5000);
  node.engine.hold();
  const before = node.clock.monotonicMs();
  await expect(node.during(node.put('a', 'two'))).rejects.toMatchObject({ code: 'CLOCK_CEILING' });
  expect(node.clock.monotonicMs() - before).toBeLessThanOrEqual(10_010);
  node.engine.release();
  expect(await node.get('a')).toBe('one');
  expect(node.engine.commands.length).toBe(1);
  expect(await node.during(node.put('a', 'three'))).toBeGreaterThan(0n);
});

test('a write to a group that is led elsewhere hears so at once, also while it waits', async () => {
  const node = await Node.open();
  node.engine.leading.here = false;
  await expect(node.put('a', 'one')).rejects.toMatchObject({ code: 'NOT_LEADER' });
  expect(node.engine.log.length).toBe(0);
  node.engine.leading.here = true;
  for (const value of ['one', 'two']) {
    await node.put('a', value);
    node.engine.leading.leadership += 1;
  }
  const waiting = node.put('a', 'three');
  await pass(node, 500);
  node.engine.leading.here = false;
  await expect(node.during(waiting)).rejects.toMatchObject({ code: 'NOT_LEADER' });
});

test('a wall clock that jumps ahead of the ceiling costs a renewal and no write', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  node.clock.step(3_600_000);
  expect(msOfTimestamp(await node.put('a', 'two'))).toBe(node.clock.nowMs());
});

type Step =
  | { readonly do: 'write' }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'step'; readonly node: number; readonly ms: number }
  | { readonly do: 'lead'; readonly node: number };

const step = (): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant({ do: 'write' as const }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(4000) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('step' as const),
        node: fc.nat(2),
        ms: fc.integer({ min: -9000, max: 9000 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('lead' as const), node: fc.nat(2) }) },
  );

/** A window, and what a renewal adds. */
const AHEAD_MS = 4000;

/** Watches what three replicas with clocks of their own put into their log. */
class Watch {
  readonly log = new SharedLog();
  /** As far as any of the wall clocks may have come, had it not been set back. */
  #furthestMs = 0;
  #elapsedMs = 0;
  #lastTs = 0n;
  commits = 0;
  wrong: unknown;

  async open(skews: readonly number[]): Promise<void> {
    for (const skew of skews) (await Replica.open(this.log)).clock.step(skew);
    this.log.lead(this.log.replicas[0]);
    this.log.onPropose = (payload, by) => {
      try {
        this.#see(payload, by);
      } catch (error) {
        // Thrown into the proposer it would be an error of that write.
        this.wrong ??= error;
      }
    };
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      for (const { clock } of this.log.replicas) clock.advance(Math.min(left, 100));
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    this.#look();
    for (let turn = 0; turn < 6; turn++) await this.log.replicas[0]!.clock.turn();
  }

  #look(): void {
    const [first] = this.log.replicas;
    const passed = first!.clock.monotonicMs() - this.#elapsedMs;
    this.#elapsedMs += passed;
    const walls = this.log.replicas.map(({ clock }) => clock.nowMs());
    this.#furthestMs = Math.max(this.#furthestMs + passed, ...walls);
  }

  #see(payload: Uint8Array, by: Replica): void {
    this.#look();
    const { entries, leadership } = this.log;
    if (isCeiling(payload)) return;
    const before = ceilingsOf(
      entries.filter((each) => each.leadership < leadership).map((each) => each.payload),
    );
    for (const commitTs of commitsOf(payload)) {
      this.commits += 1;
      expect(commitTs).toBeGreaterThan(this.#lastTs);
      expect(commitTs).toBeGreaterThan(timestampOfMs(Math.max(0, ...before)));
      expect(commitTs).toBeLessThanOrEqual(by.shared.get(1).ceiling);
      expect(msOfTimestamp(commitTs)).toBeLessThanOrEqual(this.#furthestMs + AHEAD_MS);
      this.#lastTs = commitTs;
    }
  }
}

test('over changes of leadership with skewed clocks timestamps rise, below the ceiling and little ahead of a clock', async () => {
  let commits = 0;
  const skews = fc.tuple(fc.nat(20_000), fc.nat(20_000), fc.nat(20_000));
  await fc.assert(
    fc.asyncProperty(skews, fc.array(step(), { minLength: 5, maxLength: 30 }), async (skew, steps) => {
      const watch = new Watch();
      await watch.open(skew);
      const writes: Promise<unknown>[] = [];
      for (const one of steps) {
        const { replicas, leader } = watch.log;
        if (one.do === 'write') writes.push(leader!.kv.write(put, {}).catch(() => undefined));
        else if (one.do === 'advance') await watch.advance(one.ms);
        else if (one.do === 'step') replicas[one.node]!.clock.step(one.ms);
        else watch.log.lead(replicas[one.node]);
        await watch.settle();
      }
      await watch.advance(20_000);
      await Promise.all(writes);
      if (watch.wrong !== undefined) throw watch.wrong;
      commits += watch.commits;
    }),
    { numRuns: 60 },
  );
  expect(commits).toBeGreaterThan(100);
});
