import type { Clock } from '@caisson/contracts';

/**
 * The clock of one machine, over the time that all machines share. It runs at its own rate, and its wall
 * clock may be set, or stand still, while the monotonic one goes on.
 */
export class NodeTime implements Clock {
  readonly #shared: Clock;
  #rate = 1;
  /** Where the monotonic clock was when its rate changed last. */
  #since: { readonly shared: number; readonly own: number };
  /** What the wall clock shows beyond the shared one, apart from the rate. */
  #stepMs = 0;
  /** How much faster than the monotonic clock the wall clock runs, and since when. */
  #apart = { rate: 0, since: 0 };
  #frozenAtMs: number | undefined;

  constructor(shared: Clock) {
    this.#shared = shared;
    this.#since = { shared: shared.monotonicMs(), own: shared.monotonicMs() };
  }

  nowMs(): number {
    return (
      this.#frozenAtMs ?? Math.floor(this.#shared.nowMs() + this.#aheadMs + this.#stepMs + this.#apartMs)
    );
  }

  monotonicMs(): number {
    return Math.floor(this.#own);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#shared.sleep(Math.ceil(ms / this.#rate), signal);
  }

  after(ms: number, task: () => void): () => void {
    return this.#shared.after(Math.ceil(ms / this.#rate), task);
  }

  turn(): Promise<void> {
    return this.#shared.turn();
  }

  /** Runs so much faster or slower than it should, in millionths; both clocks do. */
  drift(ppm: number): void {
    this.#since = { shared: this.#shared.monotonicMs(), own: this.#own };
    this.#rate = 1 + ppm / 1_000_000;
  }

  /** The wall clock alone runs so much faster or slower than the monotonic one, in millionths of it. */
  driftApart(ppm: number): void {
    this.#stepMs += this.#apartMs;
    this.#apart = { rate: ppm / 1_000_000, since: this.#own };
  }

  /** Sets the wall clock forward or back. */
  step(ms: number): void {
    this.#stepMs += ms;
    if (this.#frozenAtMs !== undefined) this.#frozenAtMs += ms;
  }

  /** The wall clock stands still. */
  freeze(): void {
    this.#frozenAtMs ??= this.nowMs();
  }

  /** The wall clock goes on from where it should have been. */
  thaw(): void {
    this.#frozenAtMs = undefined;
  }

  /** As right as it was at first. */
  calm(): void {
    this.thaw();
    this.drift(0);
    this.driftApart(0);
    this.#stepMs = -this.#aheadMs;
  }

  get #own(): number {
    const { own, shared } = this.#since;
    return own + (this.#shared.monotonicMs() - shared) * this.#rate;
  }

  /** What its rate has made of it so far. */
  get #aheadMs(): number {
    return this.#own - this.#shared.monotonicMs();
  }

  get #apartMs(): number {
    return (this.#own - this.#apart.since) * this.#apart.rate;
  }
}
