import { copyBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';

/**
 * Chunks of a snapshot at the receiving end, each read at the source when it is asked for. A stream whose
 * connection ended fails, again and again: nobody may take it for complete.
 */
export class ArrivingChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #travel: () => Promise<void>;
  readonly #signal: AbortSignal;

  constructor(source: AsyncIterator<Uint8Array>, travel: () => Promise<void>, signal: AbortSignal) {
    this.#source = source;
    this.#travel = travel;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#checkOpen();
    const step = await this.#source.next();
    this.#checkOpen();
    await this.#travel();
    this.#checkOpen();
    return step.done === true ? step : { value: copyBytes(step.value) };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  #checkOpen(): void {
    if (this.#signal.aborted) throw new CaissonError('UNAVAILABLE', { reason: 'the connection ended' });
  }
}
