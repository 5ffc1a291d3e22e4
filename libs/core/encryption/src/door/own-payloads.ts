interface Sealed {
  readonly term: number;
  /** The very memory that was handed to the log. */
  readonly data: Uint8Array;
  readonly payload: Uint8Array;
}

const HELD_MAX = 1024;
const HELD_BYTES_MAX = 32 * 1024 * 1024;

/**
 * What this process sealed for its log and has not applied yet, so that a leader need not open what it has
 * just sealed. Known again by the memory it lies in: bytes that came from a disk or a peer are other memory,
 * and are opened.
 */
export class OwnPayloads {
  readonly #held = new Map<number, Sealed>();
  #bytes = 0;

  add(at: { readonly term: number; readonly index: number }, data: Uint8Array, payload: Uint8Array): void {
    this.#drop(at.index);
    this.#held.set(at.index, { term: at.term, data, payload });
    this.#bytes += payload.length;
    while (this.#held.size > HELD_MAX || this.#bytes > HELD_BYTES_MAX) this.#dropOldest();
  }

  /** The payload in `data`, once, if it was sealed here for this very place. */
  take({ term, index }: { readonly term: number; readonly index: number }, data: Uint8Array) {
    const sealed = this.#drop(index);
    return sealed?.data === data && sealed.term === term ? sealed.payload : undefined;
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }

  #drop(index: number): Sealed | undefined {
    const sealed = this.#held.get(index);
    if (sealed === undefined) return undefined;
    this.#held.delete(index);
    this.#bytes -= sealed.payload.length;
    return sealed;
  }

  #dropOldest(): void {
    const { value: index } = this.#held.keys().next();
    if (index !== undefined) this.#drop(index);
  }
}
