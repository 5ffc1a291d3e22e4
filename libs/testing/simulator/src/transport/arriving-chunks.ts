import { copyBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import { unless } from './passage.js';

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

  next(): Promise<IteratorResult<Uint8Array>> {
    const ended = () => new CaissonError('UNAVAILABLE', { reason: 'the connection ended' });
    return unless(this.#signal, ended, this.#next());
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    const step = await this.#source.next();
    await this.#travel();
    return step.done === true ? step : { value: copyBytes(step.value) };
  }
}
