import { concatBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';

/** Takes byte strings of known lengths from a stream that was cut anywhere. Holds one cut at a time. */
export class ByteSource {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /**
   * The next bytes: a window into what came where it lies in one piece, else put together. `SNAPSHOT_INVALID`
   * when the stream ends before.
   */
  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > this.#held.length) {
      parts.push(this.#held);
      missing -= this.#held.length;
      const next = await this.#source.next();
      if (next.done === true) throw invalid('ends early');
      this.#held = next.value;
    }
    parts.push(this.#held.subarray(0, missing));
    this.#held = this.#held.subarray(missing);
    const filled = parts.filter((part) => part.length > 0);
    return filled.length === 1 ? filled[0]! : concatBytes(...filled);
  }

  /** `SNAPSHOT_INVALID` when there is anything left. */
  async end(): Promise<void> {
    while (this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return;
      this.#held = next.value;
    }
    throw invalid('goes on after its trailer');
  }
}

function invalid(problem: string): CaissonError {
  return new CaissonError('SNAPSHOT_INVALID', { field: 'stream', problem });
}
