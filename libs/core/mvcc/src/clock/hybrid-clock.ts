import { CaissonError, type Timestamp } from '@caisson/contracts';
import { msOfTimestamp, TIMESTAMP_MS_LIMIT } from './timestamp.js';

const COUNTER_LIMIT = 0x1_0000;
const TWO_32 = 0x1_0000_0000;

export interface HybridClockOptions {
  /** The wall clock; may step in either direction. */
  readonly nowMs: () => number;
  /** Every timestamp issued lies above this one: the last commit timestamp of the group. */
  readonly above: Timestamp;
  /** The highest timestamp that may be issued right now; `undefined` for no limit. */
  readonly ceiling?: () => Timestamp | undefined;
}

/**
 * Timestamps of 48 bits of milliseconds and 16 bits of counter: strictly rising, at or above the wall clock,
 * and above everything observed.
 *
 * Rises by itself only through its counter: more than 65536 timestamps in one millisecond carry into the next
 * one. State is two numbers, because next() runs for every write.
 */
export class HybridClock {
  readonly #nowMs: () => number;
  readonly #ceiling: () => Timestamp | undefined;
  readonly #scratch = new DataView(new ArrayBuffer(8));
  #ms: number;
  #counter: number;

  constructor(options: HybridClockOptions) {
    this.#nowMs = options.nowMs;
    this.#ceiling = options.ceiling ?? (() => undefined);
    this.#ms = msOfTimestamp(options.above);
    this.#counter = Number(options.above & 0xffffn);
  }

  /** The highest timestamp issued or observed so far. */
  get last(): Timestamp {
    return this.#compose(this.#ms, this.#counter);
  }

  /**
   * A timestamp above every one before. `CLOCK_CEILING` when it would lie above the ceiling and
   * `CLOCK_EXHAUSTED` when none is left; the clock is then as it was.
   */
  next(): Timestamp {
    const now = this.#wallMs();
    let ms = this.#ms;
    let counter = this.#counter + 1;
    if (now > ms) {
      ms = now;
      counter = 0;
    } else if (counter === COUNTER_LIMIT) {
      ms += 1;
      counter = 0;
    }
    if (ms >= TIMESTAMP_MS_LIMIT) throw new CaissonError('CLOCK_EXHAUSTED', { nowMs: now });
    const ts = this.#compose(ms, counter);
    const ceiling = this.#ceiling();
    if (ceiling !== undefined && ts > ceiling) throw new CaissonError('CLOCK_CEILING', { ceiling });
    this.#ms = ms;
    this.#counter = counter;
    return ts;
  }

  /** Now, for judging expiry: what `next` would be based on, without issuing anything. */
  now(): Timestamp {
    const now = this.#wallMs();
    return now > this.#ms ? this.#compose(now, 0) : this.last;
  }

  /** Raises the clock to a timestamp seen in an applied entry or in the group's rows. */
  observe(ts: Timestamp): void {
    this.#scratch.setBigUint64(0, ts);
    const high = this.#scratch.getUint32(0);
    const low = this.#scratch.getUint32(4);
    const ms = high * 0x1_0000 + (low >>> 16);
    const counter = low & 0xffff;
    if (ms < this.#ms || (ms === this.#ms && counter <= this.#counter)) return;
    this.#ms = ms;
    this.#counter = counter;
  }

  #wallMs(): number {
    const now = Math.floor(this.#nowMs());
    if (!(now >= 0 && now < TIMESTAMP_MS_LIMIT)) throw new CaissonError('CLOCK_EXHAUSTED', { nowMs: now });
    return now;
  }

  #compose(ms: number, counter: number): Timestamp {
    const low = ((ms % 0x1_0000) * 0x1_0000 + counter) % TWO_32;
    this.#scratch.setUint32(0, Math.floor(ms / 0x1_0000));
    this.#scratch.setUint32(4, low);
    return this.#scratch.getBigUint64(0);
  }
}
