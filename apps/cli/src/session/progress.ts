import { SingleBar } from 'cli-progress';
import type { Output } from './output.js';

const LINE_EVERY_MS = 2_000;
const BAR = '{bar} {percentage}% | {value}/{total} {unit} | {rate}/s | ETA {left}';

export interface ProgressOptions {
  readonly unit: string;
  /** Undefined when nobody knows how much there is, as with standard input. */
  readonly total?: number;
  readonly now: () => number;
}

/**
 * Tells how far long work is, at which rate, and how long it will take: a bar for people, a line every two
 * seconds for logs, nothing with `--json`.
 */
export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #startedMs: number;
  #saidMs: number;
  #done = 0;
  #first = 0;
  #total: number | undefined;

  constructor(
    private readonly output: Output,
    private readonly options: ProgressOptions,
  ) {
    this.#startedMs = this.#saidMs = options.now();
    this.#total = options.total;
    if (output.json || !output.interactive || options.total === undefined) return;
    this.#bar = new SingleBar({
      format: BAR,
      clearOnComplete: false,
      hideCursor: true,
      stream: process.stderr,
    });
    this.#bar.start(options.total, 0, { unit: options.unit, rate: 0, left: '?' });
  }

  /** Where a resumed run begins: not counted into the rate. */
  startAt(done: number): void {
    this.#first = this.#done = done;
  }

  /** `total` corrects an estimate. */
  update(done: number, total = this.#total): void {
    this.#done = done;
    this.#total = total;
    if (total !== undefined) this.#bar?.setTotal(Math.max(total, done));
    const fields = { rate: Math.round(this.ratePerSecond), left: this.#left() };
    if (this.#bar) return this.#bar.update(done, fields);
    const nowMs = this.options.now();
    if (this.output.json || nowMs - this.#saidMs < LINE_EVERY_MS) return;
    this.#saidMs = nowMs;
    const of = this.#total === undefined ? '' : ` of ${this.#total}`;
    this.output.notes(`${done}${of} ${this.options.unit}, ${fields.rate}/s, ETA ${fields.left}\n`);
  }

  finish(done: number): void {
    this.#done = done;
    this.#bar?.setTotal(done);
    this.#bar?.update(done, { rate: Math.round(this.ratePerSecond), left: '0s' });
    this.#bar?.stop();
  }

  /** Leaves the bar where it is. */
  stop(): void {
    this.#bar?.stop();
  }

  get elapsedMs(): number {
    return this.options.now() - this.#startedMs;
  }

  get ratePerSecond(): number {
    return ((this.#done - this.#first) * 1000) / Math.max(1, this.elapsedMs);
  }

  #left(): string {
    if (this.#total === undefined || this.ratePerSecond === 0) return '?';
    const seconds = Math.ceil((this.#total - this.#done) / this.ratePerSecond);
    return seconds < 120 ? `${seconds}s` : `${Math.ceil(seconds / 60)}min`;
  }
}
