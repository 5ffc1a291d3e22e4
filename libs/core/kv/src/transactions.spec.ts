import fc from 'fast-check';
import type { ReadRange } from '@caisson/contracts';
import { addMs, TIMESTAMP_MAX } from '@caisson/mvcc';
import { key, Node } from './testdata/node.js';

const NAMES = ['a', 'b', 'c', 'd'] as const;

type Op =
  | { readonly op: 'get'; readonly name: string }
  | { readonly op: 'scan'; readonly from: string; readonly to: string }
  | { readonly op: 'put'; readonly name: string; readonly ttlMs: number | undefined }
  | { readonly op: 'delete'; readonly name: string };

const name = () => fc.constantFrom(...NAMES);
const op = (): fc.Arbitrary<Op> =>
  fc.oneof(
    fc.record({ op: fc.constant('get' as const), name: name() }),
    fc.record({ op: fc.constant('scan' as const), from: name(), to: name() }),
    fc.record({
      op: fc.constant('put' as const),
      name: name(),
      ttlMs: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    }),
    fc.record({ op: fc.constant('delete' as const), name: name() }),
  );

interface Committed {
  readonly commitTs: bigint;
  readonly ops: readonly Op[];
  readonly seen: readonly string[];
  readonly writes: ReadonlyMap<string, string | undefined>;
}

/**
 * One transaction as a client runs it. A write's value is everything the transaction has seen, so that a
 * wrong read spreads. Gives the loop away between steps, so that transactions interleave.
 */
async function transact(
  node: Node,
  id: number,
  ops: readonly Op[],
  pause: () => Promise<void>,
): Promise<Committed | undefined> {
  const { startTs } = await node.kv.begin({});
  const seen: string[] = [];
  const readKeys: Uint8Array[] = [];
  const readRanges: ReadRange[] = [];
  const writes = new Map<string, { value: string; ttlMs: number | undefined } | undefined>();
  for (const one of ops) {
    await pause();
    if (one.op === 'get') {
      readKeys.push(key(one.name));
      seen.push(`${one.name}=${(await node.get(one.name, startTs)) ?? '-'}`);
    } else if (one.op === 'scan') {
      const range = { from: key(one.from), to: key(one.to) };
      readRanges.push(range);
      const { pairs } = await node.kv.scan({ ...range, ts: startTs }, {});
      seen.push(pairs.map((pair) => `${text(pair.key)}=${text(pair.value!)}`).join(','));
    } else {
      writes.set(
        one.name,
        one.op === 'put' ? { value: `${id}:${seen.length}`, ttlMs: one.ttlMs } : undefined,
      );
    }
  }
  await pause();
  const mutations = [...writes].map(([at, put]) =>
    put === undefined
      ? { op: 'delete' as const, key: key(at) }
      : { op: 'put' as const, key: key(at), value: key(put.value), ...(put.ttlMs && { ttlMs: put.ttlMs }) },
  );
  const result = await node.write({ mutations, readKeys, readRanges, startTs });
  if (result.kind !== 'committed') return undefined;
  const values = new Map([...writes].map(([at, put]) => [at, put?.value]));
  return { commitTs: result.commitTs, ops, seen, writes: values };
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

interface Held {
  readonly value: string;
  readonly expireAt: bigint | undefined;
}

/** Runs committed transactions alone, one after the other, in the order of their timestamps. */
function replaySerially(committed: readonly Committed[]): void {
  const state = new Map<string, Held>();
  for (const { commitTs, ops, seen, writes } of [...committed].sort((a, b) =>
    a.commitTs < b.commitTs ? -1 : 1,
  )) {
    const live = (at: string): string | undefined => {
      const held = state.get(at);
      return held !== undefined && (held.expireAt ?? TIMESTAMP_MAX) > commitTs ? held.value : undefined;
    };
    const again: string[] = [];
    for (const one of ops) {
      if (one.op === 'get') again.push(`${one.name}=${live(one.name) ?? '-'}`);
      if (one.op !== 'scan') continue;
      const within = NAMES.filter((at) => at >= one.from && at < one.to && live(at) !== undefined);
      again.push(within.map((at) => `${at}=${live(at)}`).join(','));
    }
    expect(seen).toEqual(again);
    for (const [at, value] of writes) {
      const last = ops.findLast((one) => one.op !== 'get' && one.op !== 'scan' && one.name === at);
      const ttlMs = last?.op === 'put' ? last.ttlMs : undefined;
      if (value === undefined) state.delete(at);
      else state.set(at, { value, expireAt: ttlMs === undefined ? undefined : addMs(commitTs, ttlMs) });
    }
  }
}

test('transactions that commit have read what a serial run in commit order reads', async () => {
  const transactions = fc.array(fc.array(op(), { minLength: 1, maxLength: 5 }), {
    minLength: 2,
    maxLength: 8,
  });
  let conflicts = 0;
  await fc.assert(
    fc.asyncProperty(transactions, fc.array(fc.nat(3), { minLength: 1 }), async (all, rhythm) => {
      const node = await Node.open();
      const committed: Committed[] = [];
      let beat = 0;
      const pause = async (): Promise<void> => {
        const turns = rhythm[beat++ % rhythm.length]!;
        for (let turn = 0; turn < turns * 3; turn++) await node.clock.turn();
        if (turns === 3) node.clock.advance(1);
      };
      for (let round = 0; round < 2; round++) {
        const done = await Promise.all(all.map((ops, at) => transact(node, round * 100 + at, ops, pause)));
        conflicts += done.filter((one) => one === undefined).length;
        committed.push(...done.filter((one) => one !== undefined));
      }
      replaySerially(committed);
    }),
    { numRuns: 150 },
  );
  expect(conflicts).toBeGreaterThan(0);
});

test('a conflict names the hash of the key, and the transaction succeeds when repeated', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  const attempt = async (disturb: boolean) => {
    const { startTs } = await node.kv.begin({});
    const seen = await node.get('a', startTs);
    if (disturb) await node.put('a', 'other');
    const mutations = [{ op: 'put' as const, key: key('b'), value: key(seen!) }];
    return node.write({ mutations, readKeys: [key('a')], startTs });
  };
  expect(await attempt(true)).toEqual({ kind: 'conflict', keyHash: 0xaf63dc4c8601ec8cn });
  expect(await attempt(false)).toMatchObject({ kind: 'committed' });
  expect(await node.get('b')).toBe('other');
});

test('a value that expires between start and commit is a conflict, once', async () => {
  const node = await Node.open();
  await node.put('a', 'one', 1000);
  const attempt = async (waitMs: number) => {
    const { startTs } = await node.kv.begin({});
    const seen = await node.get('a', startTs);
    node.clock.advance(waitMs);
    const mutations = [{ op: 'put' as const, key: key('b'), value: key(seen ?? 'gone') }];
    return node.write({ mutations, readKeys: [key('a')], startTs });
  };
  expect(await attempt(2000)).toMatchObject({ kind: 'conflict' });
  expect(await attempt(0)).toMatchObject({ kind: 'committed' });
  expect(await node.get('b')).toBe('gone');
});

test('a key that appears in a range that was read is a conflict', async () => {
  const node = await Node.open();
  const { startTs } = await node.kv.begin({});
  await node.put('b', 'phantom');
  const mutations = [{ op: 'put' as const, key: key('z'), value: key('z') }];
  const readRanges = [{ from: key('a'), to: key('c') }];
  expect(await node.write({ mutations, readRanges, startTs })).toEqual({ kind: 'conflict', keyHash: 0n });
});
