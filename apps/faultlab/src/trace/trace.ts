import type { Clock } from '@caisson/contracts';

export type TracePart = string | number | Uint8Array;

/** One event as text, for whoever compares two runs. */
export type TraceListener = (atMs: number, kind: string, parts: readonly TracePart[], hash: string) => void;

/** Each in turn, where there is one. */
export function heardBy(...listeners: readonly (TraceListener | undefined)[]): TraceListener | undefined {
  const there = listeners.filter((listener) => listener !== undefined);
  return there.length === 0 ? undefined : (...event) => there.forEach((listener) => listener(...event));
}

const FNV_PRIME = 0x0100_0193;

/**
 * A running hash over everything that happens in a storm: what is sent, sealed, stored and applied, what
 * clients hear, what goes wrong, each with its time. Two runs with one hash were one run.
 *
 * Two lanes of FNV-1a, 32 bits each: it tells runs apart, and protects from nobody.
 */
export class Trace {
  events = 0;
  readonly #clock: Clock;
  readonly #listener: TraceListener | undefined;
  #low = 0x811c_9dc5;
  #high = 0x9e37_79b9;

  constructor(clock: Clock, listener?: TraceListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  get hash(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }

  note(kind: string, ...parts: readonly TracePart[]): void {
    this.events++;
    this.#number(this.#clock.monotonicMs());
    this.#text(kind);
    for (const part of parts) {
      if (typeof part === 'number') this.#number(part);
      else if (typeof part === 'string') this.#text(part);
      else this.#bytes(part);
    }
    this.#listener?.(this.#clock.monotonicMs(), kind, parts, this.hash);
  }

  #text(text: string): void {
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
  }

  /** Four at a time, and how many there were: what is sent and stored is most of what is noted. */
  #bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    const whole = length & ~3;
    for (let at = 0; at < whole; at += 4)
      this.#mix(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    for (let at = whole; at < length; at++) this.#mix(bytes[at]!);
    this.#number(length);
  }

  #number(value: number): void {
    for (let rest = value; rest > 0; rest = Math.floor(rest / 0x1_0000)) this.#mix(rest & 0xffff);
    this.#mix(0x1_0000);
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, FNV_PRIME);
    this.#high = Math.imul((this.#high ^ word) + (this.#low >>> 15), FNV_PRIME);
  }
}
