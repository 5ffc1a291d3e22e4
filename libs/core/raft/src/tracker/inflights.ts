interface Inflight {
  readonly index: number;
  readonly bytes: number;
}

/** Appends sent to one member and not acknowledged yet, oldest first. */
export class Inflights {
  #sent: Inflight[] = [];
  #bytes = 0;

  constructor(
    readonly countMax: number,
    readonly bytesMax: number,
  ) {}

  get count(): number {
    return this.#sent.length;
  }

  /**
   * The byte limit may be passed by one message, never by two: a message larger than the limit must still
   * go.
   */
  get isFull(): boolean {
    return this.#sent.length >= this.countMax || this.#bytes >= this.bytesMax;
  }

  /** Records an append whose last entry has `index`. */
  add(index: number, bytes: number): void {
    this.#sent.push({ index, bytes });
    this.#bytes += bytes;
  }

  /** Forgets every append up to and including `index`: an acknowledgement covers what came before it. */
  freeThrough(index: number): void {
    let freed = 0;
    while (freed < this.#sent.length && this.#sent[freed]!.index <= index) {
      this.#bytes -= this.#sent[freed++]!.bytes;
    }
    if (freed > 0) this.#sent.splice(0, freed);
  }

  /** Empty, with the same limits. */
  renewed(): Inflights {
    return new Inflights(this.countMax, this.bytesMax);
  }
}
