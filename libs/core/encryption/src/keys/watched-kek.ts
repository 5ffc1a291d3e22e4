import {
  type Clock,
  type ErrorCode,
  type KekDescription,
  type KekProvider,
  type Secret,
  toCaissonError,
  type WrapContext,
} from '@caisson/contracts';

/** A provider that remembers when it last opened a key, and why it last did not. */
export class WatchedKek implements KekProvider {
  readonly #kek: KekProvider;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #openedMs: number | undefined;
  #failure: ErrorCode | undefined;

  constructor(kek: KekProvider, clock: Pick<Clock, 'monotonicMs'>) {
    this.#kek = kek;
    this.#clock = clock;
  }

  /** Since it last opened a key; absent where it never did. */
  get openedMsAgo(): number | undefined {
    return this.#openedMs === undefined ? undefined : Math.round(this.#clock.monotonicMs() - this.#openedMs);
  }

  /** Why its last attempt failed; absent after a success. */
  get failure(): ErrorCode | undefined {
    return this.#failure;
  }

  describe(): Promise<KekDescription> {
    return this.#kek.describe();
  }

  wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#kek.wrap(dek, context, signal);
  }

  async unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    const dek = await this.#watch(() => this.#kek.unwrap(blob, context, signal), signal);
    this.#openedMs = this.#clock.monotonicMs();
    return dek;
  }

  rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#kek.rewrap(blob, context, signal);
  }

  probe(signal?: AbortSignal): Promise<void> {
    return this.#watch(() => this.#kek.probe(signal), signal);
  }

  async #watch<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      const result = await work();
      this.#failure = undefined;
      return result;
    } catch (error) {
      if (signal?.aborted !== true) this.#failure = toCaissonError(error).code;
      throw error;
    }
  }
}
