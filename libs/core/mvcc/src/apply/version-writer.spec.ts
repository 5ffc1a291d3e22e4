import type { Command, CommandMutation, WriteCommand } from '@caisson/formats';
import type { Store } from '@caisson/contracts';
import { Replica } from '../testdata/replica.js';
import { VersionWriter } from '../index.js';

const A = Uint8Array.of(1);
const B = Uint8Array.of(2);

const put = (key: Uint8Array, expireAt = 0n): CommandMutation => ({ op: 'put', key, value: key, expireAt });
const write = (commitTs: bigint, parts: Partial<WriteCommand> = {}): Command => {
  return { kind: 'write', commitTs, readKeys: [], readRanges: [], conditions: [], mutations: [], ...parts };
};

test('a write of puts alone reads nothing and answers in the same turn', async () => {
  const { store } = await Replica.open();
  const closed: Store = {
    ...store,
    get: () => Promise.reject(new RangeError('read')),
    view: () => {
      throw new RangeError('read');
    },
  };
  let isOpening = true;
  const writer = await VersionWriter.open({
    ...closed,
    view: (way) => (isOpening ? store.view(way) : closed.view(way)),
  });
  isOpening = false;
  const outcomes = writer.apply([write(1n, { mutations: [put(A), put(B, 9n)] })], store.batch());
  expect(outcomes).toEqual([{ kind: 'committed', commitTs: 1n, deleted: 0, more: false }]);
  writer.written();
  await expect(
    writer.apply([write(2n, { mutations: [{ op: 'delete', key: A }] })], store.batch()),
  ).rejects.toThrow('read');
});

test('a version of the running batch hides an older one that expires after the start', async () => {
  const replica = await Replica.open();
  await replica.apply([write(1n, { mutations: [put(A, 5n)] })]);
  await replica.write();
  const outcomes = await replica.apply([
    write(2n, { mutations: [put(A)] }),
    write(7n, { mutations: [put(B)], startTs: 2n, readRanges: [{ from: A }], readKeys: [A] }),
  ]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'committed']);
});

test('what failed or conflicted still moves time, so that the next start lies above it', async () => {
  const replica = await Replica.open();
  await replica.apply([write(1n, { mutations: [put(A, 5n)] })]);
  const [conflict] = await replica.apply([write(6n, { startTs: 1n, readKeys: [A] })]);
  expect(conflict).toMatchObject({ kind: 'conflict' });
  await replica.write();
  expect(replica.writer.rows.lastCommitTs).toBe(6n);
});

test('the rows of a group are found again, the highest expiry among them', async () => {
  const replica = await Replica.open();
  await replica.apply([write(3n, { mutations: [put(A, 90n), put(B, 50n)] })]);
  await replica.apply([{ kind: 'floor', floor: 2n, commitTs: 4n }]);
  await replica.write();
  const found = await VersionWriter.open(replica.store);
  expect(found.rows).toEqual({ lastCommitTs: 4n, floor: 2n, expiryHorizon: 90n });
});

test('a range that ends before it begins was not read at all', async () => {
  const replica = await Replica.open();
  await replica.apply([write(1n), write(2n, { mutations: [put(A)] })]);
  const [outcome] = await replica.apply([write(3n, { startTs: 1n, readRanges: [{ from: B, to: A }] })]);
  expect(outcome).toMatchObject({ kind: 'committed' });
});
