import type { CaissonClient } from '@caisson/client';
import type { WriteRequest } from '@caisson/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { importRecords } from './importer.js';
import type { DataRecord } from './records.js';

/** Answers in an order of its own, and keeps what was written last. */
class FakeClient {
  readonly data = new Map<string, string>();
  inFlightMax = 0;
  failAfter = Infinity;
  #inFlight = 0;
  #written = 0;

  async write({ mutations }: WriteRequest) {
    this.inFlightMax = Math.max(this.inFlightMax, ++this.#inFlight);
    await sleep((this.#written * 7) % 5);
    this.#inFlight--;
    if (++this.#written > this.failAfter) throw new RangeError('gone');
    for (const mutation of mutations) {
      if (mutation.op === 'put')
        this.data.set(Buffer.from(mutation.key).toString(), Buffer.from(mutation.value).toString());
    }
    return { kind: 'committed' as const, commitTs: 1n, deleted: 0, more: false };
  }
}

async function* recordsOf(pairs: readonly (readonly [string, string])[]): AsyncGenerator<DataRecord> {
  for (const [key, value] of pairs) yield { key: Buffer.from(key), value: Buffer.from(value) };
}

function options(onAcknowledged: (records: number) => void = () => undefined, skip = 0) {
  return { batchRecords: 3, batchesInFlight: 4, skip, signal: new AbortController().signal, onAcknowledged };
}

test('the last record of a key wins, however batches overtake each other', async () => {
  const client = new FakeClient();
  const pairs = Array.from({ length: 200 }, (_, at) => [`k${at % 7}`, `v${at}`] as const);
  const read = await importRecords(client as unknown as CaissonClient, recordsOf(pairs), options());
  expect(read).toBe(200);
  for (let key = 0; key < 7; key++) {
    const last = pairs.filter(([name]) => name === `k${key}`).at(-1)!;
    expect(client.data.get(`k${key}`)).toBe(last[1]);
  }
});

test('batches are in flight together, and acknowledgement only ever reaches as far as all before it', async () => {
  const client = new FakeClient();
  const pairs = Array.from({ length: 60 }, (_, at) => [`k${at}`, 'v'] as const);
  const acknowledged: number[] = [];
  await importRecords(
    client as unknown as CaissonClient,
    recordsOf(pairs),
    options((n) => acknowledged.push(n)),
  );
  expect(client.inFlightMax).toBeGreaterThan(1);
  expect(acknowledged).toEqual([...acknowledged].sort((a, b) => a - b));
  expect(acknowledged.at(-1)).toBe(60);
});

test('a failure ends the import, and a resumed one skips what was acknowledged', async () => {
  const client = new FakeClient();
  client.failAfter = 5;
  const pairs = Array.from({ length: 60 }, (_, at) => [`k${at}`, `v${at}`] as const);
  let reached = 0;
  const failing = importRecords(
    client as unknown as CaissonClient,
    recordsOf(pairs),
    options((n) => void (reached = n)),
  );
  await expect(failing).rejects.toThrow('gone');
  expect(reached).toBeLessThanOrEqual(15);
  client.failAfter = Infinity;
  await importRecords(client as unknown as CaissonClient, recordsOf(pairs), options(undefined, reached));
  expect(client.data.size).toBe(60);
});
