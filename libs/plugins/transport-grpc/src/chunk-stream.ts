import { createDeferred, type Deferred } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';

export const CHUNK_BYTES_MAX = 1024 * 1024;

interface ChunkLimits {
  /** Number of the first chunk. */
  readonly first: number;
  /** How many chunks may wait to be taken. */
  readonly window: number;
  /** So many chunks are taken, those before the first included. */
  readonly onTaken: (count: number, bytes: number) => void;
}

/**
 * Chunks on their way from a call to whoever stores them, read once. A chunk counts as taken when the next
 * one is asked for. Ends after `end`, and with an error after `fail`.
 */
export class ChunkStream implements AsyncIterableIterator<Uint8Array> {
  readonly #waiting: Uint8Array[] = [];
  #arrived: number;
  #taken: number;
  #given: Uint8Array | undefined;
  #asked: Deferred<IteratorResult<Uint8Array>> | undefined;
  #outcome: 'open' | 'whole' | CaissonError = 'open';

  constructor(private readonly limits: ChunkLimits) {
    this.#arrived = limits.first;
    this.#taken = limits.first;
  }

  /** Whether the end has arrived, and with it every chunk. */
  get isWhole(): boolean {
    return this.#outcome === 'whole';
  }

  /** Takes a chunk from the call. `MESSAGE_MALFORMED` for one out of turn, size or window. */
  push(number: bigint, data: Uint8Array): void {
    if (this.#outcome !== 'open') throw malformed('chunk', 'comes after the end');
    if (number !== BigInt(this.#arrived)) throw malformed('chunk.number', 'is out of turn');
    if (data.length === 0 || data.length > CHUNK_BYTES_MAX)
      throw malformed('chunk.data', 'has no valid size');
    if (this.#arrived - this.#taken >= this.limits.window) throw malformed('chunk', 'exceeds the window');
    this.#arrived++;
    this.#waiting.push(data);
    this.#serve();
  }

  end(chunks: bigint): void {
    if (chunks !== BigInt(this.#arrived)) throw malformed('end.chunks', 'is not what arrived');
    if (this.#outcome === 'open') this.#outcome = 'whole';
    this.#serve();
  }

  /** Chunks that wait are dropped: what is kept is what was taken. */
  fail(error: CaissonError): void {
    if (this.#outcome instanceof CaissonError) return;
    this.#outcome = error;
    this.#waiting.length = 0;
    this.#serve();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    this.#take();
    this.#asked = createDeferred();
    const { promise } = this.#asked;
    this.#serve();
    return promise;
  }

  #take(): void {
    const given = this.#given;
    if (!given) return;
    this.#given = undefined;
    this.limits.onTaken(++this.#taken, given.length);
  }

  #serve(): void {
    const asked = this.#asked;
    if (!asked) return;
    const chunk = this.#waiting.shift();
    if (chunk) {
      this.#given = chunk;
      asked.resolve({ done: false, value: chunk });
    } else if (this.#outcome === 'whole') asked.resolve({ done: true, value: undefined });
    else if (this.#outcome === 'open') return;
    else asked.reject(this.#outcome);
    this.#asked = undefined;
  }
}

function malformed(field: string, problem: string): CaissonError {
  return new CaissonError('MESSAGE_MALFORMED', { field, problem });
}
