import type { Port } from './port.js';

/** A connection two ports hold on to for longer than one message: ends once, and says so. */
export class Lifeline {
  readonly #end = new AbortController();

  constructor(
    readonly a: Port,
    readonly b: Port,
  ) {}

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  joins(one: string, other: string): boolean {
    const ends = [this.a.identity.address, this.b.identity.address];
    return ends.includes(one) && ends.includes(other);
  }

  end(): void {
    this.#end.abort();
  }
}
