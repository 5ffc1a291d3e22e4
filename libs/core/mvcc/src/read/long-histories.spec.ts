import type { Cursor, KeyRange, ReadView, ScanLimits, Store } from '@caisson/contracts';
import { Replica } from '../testdata/replica.js';
import { Snapshot } from '../index.js';

const VERSIONS = 5000;
const bounds = { from: new Uint8Array(0), pairsMax: 10, bytesMax: 1e6, versionsMax: 1e6, keysOnly: false };

/** Counts the pairs that leave the store. */
class Counting {
  pairs = 0;

  over(store: Store): Store {
    return {
      side: 'plaintext',
      durable: true,
      get: (key) => store.get(key),
      view: (direction) => this.#view(store.view(direction)),
      batch: () => store.batch(),
      deleteRange: (range, limit) => store.deleteRange(range, limit),
    };
  }

  #view(view: ReadView): ReadView {
    return {
      direction: view.direction,
      get: (key) => view.get(key),
      scan: (range: KeyRange) => this.#cursor(view.scan(range)),
      close: () => view.close(),
    };
  }

  #cursor(cursor: Cursor): Cursor {
    return {
      next: async (limits?: ScanLimits) => {
        const pairs = await cursor.next(limits);
        this.pairs += pairs.length;
        return pairs;
      },
    };
  }
}

/** Keys 1 and 3 with one version, key 2 with thousands. */
async function replica(): Promise<Replica> {
  const made = await Replica.open();
  const put = (key: number, commitTs: number) => ({
    kind: 'write' as const,
    commitTs: BigInt(commitTs),
    readKeys: [],
    readRanges: [],
    conditions: [],
    mutations: [
      { op: 'put' as const, key: Uint8Array.of(key), value: Uint8Array.of(commitTs & 0xff), expireAt: 0n },
    ],
  });
  await made.apply([put(1, 1), put(3, 2)]);
  for (let ts = 3; ts < VERSIONS; ts += 500) {
    await made.apply(Array.from({ length: 500 }, (_, at) => put(2, ts + at)));
    await made.write();
  }
  return made;
}

test.each([
  ['forward', 'latest', undefined],
  ['forward', 'old', 4n],
  ['forward', 'in the middle', 2500n],
  ['reverse', 'latest', undefined],
  ['reverse', 'old', 4n],
  ['reverse', 'in the middle', 2500n],
] as const)(
  'a %s scan at a timestamp that is %s seeks past thousands of versions',
  async (direction, _, ts) => {
    const made = await replica();
    const counting = new Counting();
    const snapshot = await Snapshot.open(counting.over(made.store), {
      direction,
      ...(ts !== undefined && { ts }),
    });
    const { pairs, resumeBehind } = await snapshot.scan(bounds);
    await snapshot.close();
    const keys = pairs.map(({ key }) => key[0]!);
    expect(direction === 'forward' ? keys : keys.toReversed()).toEqual([1, 2, 3]);
    expect(pairs.find(({ key }) => key[0] === 2)!.commitTs).toBe(snapshot.at.ts);
    expect(resumeBehind).toBeUndefined();
    expect(counting.pairs).toBeLessThan(VERSIONS / 10);
  },
);

test('a point read takes one pair from the store, however long the history', async () => {
  const made = await replica();
  const counting = new Counting();
  const snapshot = await Snapshot.open(counting.over(made.store), { ts: 2500n });
  expect((await snapshot.get(Uint8Array.of(2)))!.commitTs).toBe(2500n);
  await snapshot.close();
  expect(counting.pairs).toBe(1);
});

test('a reverse scan that the floor overtakes reads on in its own view', async () => {
  const made = await replica();
  const snapshot = await Snapshot.open(made.store, { direction: 'reverse', ts: 2500n });
  const floor = snapshot.tip;
  await made.apply([{ kind: 'floor', floor, commitTs: snapshot.tip + 1n }]);
  while (await made.compact(500));
  const { pairs } = await snapshot.scan(bounds);
  await snapshot.close();
  expect(pairs.map(({ key, commitTs }) => [key[0], commitTs])).toEqual([
    [3, 2n],
    [2, 2500n],
    [1, 1n],
  ]);
  await expect(Snapshot.open(made.store, { ts: 2500n })).rejects.toMatchObject({ code: 'READ_TS_COMPACTED' });
});
