import { toHex } from '@caisson/base';
import type { CaissonClient } from '@caisson/client';
import type { Mutation } from '@caisson/contracts';
import { mutationOfRecord, type DataRecord } from './records.js';

export interface ImportOptions {
  readonly batchRecords: number;
  readonly batchesInFlight: number;
  /** Records at the beginning that are already in the store. */
  readonly skip: number;
  readonly signal: AbortSignal;
  /** Every record up to here, counted from the beginning of the source, is acknowledged. */
  readonly onAcknowledged: (records: number) => void;
}

const BATCH_BYTES = 512 * 1024;

interface Batch {
  readonly mutations: Mutation[];
  readonly keys: Set<string>;
  bytes: number;
}

/**
 * Writes records in atomic batches, several at a time; resolves with how many records the source has.
 *
 * Two records of one key are never in flight together, so the last one of the source wins, as it would one
 * by one. On a failure what was acknowledged stays, and `onAcknowledged` has told how far it reaches.
 */
export async function importRecords(
  client: CaissonClient,
  records: AsyncIterable<DataRecord>,
  options: ImportOptions,
): Promise<number> {
  const flight = new Flight(client, options);
  let batch = emptyBatch();
  let read = 0;
  for await (const record of records) {
    if (++read <= options.skip) continue;
    options.signal.throwIfAborted();
    const key = toHex(record.key);
    if (batch.keys.has(key) || isFull(batch, options)) {
      await flight.send(batch);
      batch = emptyBatch();
    }
    batch.keys.add(key);
    batch.mutations.push(mutationOfRecord(record));
    batch.bytes += record.key.length + (record.value?.length ?? 0);
  }
  if (batch.mutations.length > 0) await flight.send(batch);
  await flight.finish();
  return read;
}

function emptyBatch(): Batch {
  return { mutations: [], keys: new Set(), bytes: 0 };
}

function isFull(batch: Batch, options: ImportOptions): boolean {
  return batch.mutations.length >= options.batchRecords || batch.bytes >= BATCH_BYTES;
}

interface Sent {
  readonly keys: ReadonlySet<string>;
  readonly records: number;
  done: boolean;
  readonly settled: Promise<void>;
}

/** Batches on their way, oldest first. */
class Flight {
  readonly #sent: Sent[] = [];
  #acknowledged: number;
  #failure: unknown;
  #failed = false;

  constructor(
    private readonly client: CaissonClient,
    private readonly options: ImportOptions,
  ) {
    this.#acknowledged = options.skip;
  }

  async send(batch: Batch): Promise<void> {
    while (this.#sent.length >= this.options.batchesInFlight || this.#overlaps(batch)) await this.#oldest();
    this.#throwIfFailed();
    const write = this.client.write({ mutations: batch.mutations }, { signal: this.options.signal });
    const sent: Sent = {
      keys: batch.keys,
      records: batch.mutations.length,
      done: false,
      settled: write.then(
        () => this.#onAcknowledged(sent),
        (error: unknown) => this.#onFailed(error),
      ),
    };
    this.#sent.push(sent);
  }

  async finish(): Promise<void> {
    while (this.#sent.length > 0) await this.#oldest();
    this.#throwIfFailed();
  }

  #overlaps(batch: Batch): boolean {
    return this.#sent.some((sent) => [...batch.keys].some((key) => sent.keys.has(key)));
  }

  async #oldest(): Promise<void> {
    await this.#sent[0]?.settled;
    this.#throwIfFailed();
  }

  #onAcknowledged(sent: Sent): void {
    sent.done = true;
    while (this.#sent[0]?.done) this.#acknowledged += this.#sent.shift()!.records;
    if (!this.#failed) this.options.onAcknowledged(this.#acknowledged);
  }

  #onFailed(error: unknown): void {
    if (!this.#failed) this.#failure = error;
    this.#failed = true;
  }

  #throwIfFailed(): void {
    if (this.#failed) throw this.#failure;
  }
}
