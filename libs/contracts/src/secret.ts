const HIDDEN = '[secret]';
const NODE_INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Bytes that must not reach a log, an error or a dump.
 *
 * Printing, interpolating, serialising or inspecting it gives `[secret]`; only `reveal` gives the bytes, so a
 * search for `reveal(` lists every place that handles key material. It owns a copy of what it was made from.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes themselves, not a copy: never keep, return or mutate them. All zero after `erase`. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  /** Overwrites the bytes. Best effort: the runtime may have copied them before. */
  erase(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [NODE_INSPECT](): string {
    return HIDDEN;
  }
}
