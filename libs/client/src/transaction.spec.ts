import { toUtf8 } from '@caisson/base';
import { CaissonError, type ScannedPair, type WriteRequest, type WriteResponse } from '@caisson/contracts';
import { toBytes, toText, type ScanOptions, type TransactionSource } from './index.js';
import { runTransaction } from './transaction.js';

class FakeSource implements TransactionSource {
  readonly data = new Map<string, string>([
    ['a', '1'],
    ['b', '2'],
  ]);
  readonly requests: WriteRequest[] = [];
  conflicts = 0;

  async read(key: Uint8Array | string) {
    const value = this.data.get(toText(toBytes(key))!);
    return value === undefined ? undefined : { value: toUtf8(value), commitTs: 1n, expireAt: 0n };
  }

  async *scan({ from, to }: ScanOptions): AsyncGenerator<ScannedPair, void, undefined> {
    for (const [key, value] of this.data) {
      if (key < toText(toBytes(from!))! || (to && key >= toText(toBytes(to))!)) continue;
      yield { key: toUtf8(key), value: toUtf8(value), commitTs: 1n };
    }
  }

  async write(request: WriteRequest): Promise<WriteResponse> {
    this.requests.push(request);
    if (this.conflicts-- > 0) return { kind: 'conflict', keyHash: 1n };
    return { kind: 'committed', commitTs: 9n, deleted: 0, more: false };
  }
}

const begin = async () => 5n;

test('a transaction sees its own writes and sends what it read and wrote', async () => {
  const source = new FakeSource();
  const outcome = await runTransaction(
    source,
    begin,
    async (tx) => {
      tx.put('c', '3');
      tx.delete('a');
      expect(toText((await tx.get('c'))!)).toBe('3');
      expect(await tx.get('a')).toBeUndefined();
      expect(toText((await tx.get('b'))!)).toBe('2');
      const seen = await tx.scan({ from: '' });
      return seen.map((pair) => toText(pair.key));
    },
    {},
  );
  expect(outcome).toEqual({ kind: 'committed', value: ['b', 'c'], commitTs: 9n });
  const [request] = source.requests;
  expect(request).toMatchObject({ startTs: 5n, readKeys: [toUtf8('b')], readRanges: [{ from: toUtf8('') }] });
  expect(request!.mutations.map((mutation) => mutation.op)).toEqual(['put', 'delete']);
});

test('a conflict runs the work again, and one that remains is an outcome', async () => {
  const source = new FakeSource();
  source.conflicts = 2;
  let runs = 0;
  const work = async (tx: { put(key: string, value: string): void }) => (tx.put('x', 'y'), ++runs);
  expect(await runTransaction(source, begin, work, {})).toMatchObject({ kind: 'committed', value: 3 });
  source.conflicts = 9;
  expect(await runTransaction(source, begin, work, { attempts: 2 })).toEqual({
    kind: 'conflict',
    attempts: 2,
  });
});

test('a transaction that wrote nothing needs no validation', async () => {
  const source = new FakeSource();
  const outcome = await runTransaction(source, begin, (tx) => tx.get('a'), {});
  expect(outcome).toMatchObject({ kind: 'committed', commitTs: undefined });
  expect(source.requests).toEqual([]);
});

test('scans in reverse come in reverse, with own writes in their place', async () => {
  const source = new FakeSource();
  const outcome = await runTransaction(
    source,
    begin,
    async (tx) => {
      tx.put('aa', '!');
      return (await tx.scan({ prefix: 'a', reverse: true })).map((pair) => toText(pair.key));
    },
    {},
  );
  expect(outcome).toMatchObject({ value: ['aa', 'a'] });
});

test('giving up between two attempts is CANCELLED', async () => {
  const source = new FakeSource();
  source.conflicts = 9;
  const controller = new AbortController();
  const work = async (tx: { put(key: string, value: string): void }) => {
    tx.put('x', 'y');
    controller.abort();
  };
  const outcome = runTransaction(source, begin, work, { signal: controller.signal });
  await expect(outcome).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('work whose start the retention floor has passed runs again from a newer one', async () => {
  const source = new FakeSource();
  let runs = 0;
  const outcome = await runTransaction(
    source,
    begin,
    async (tx) => {
      if (++runs === 1) throw new CaissonError('READ_TS_COMPACTED');
      tx.put('x', 'y');
    },
    {},
  );
  expect([outcome.kind, runs]).toEqual(['committed', 2]);
});
