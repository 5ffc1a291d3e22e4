const COUNT_AT = 4;
const NONCE_BYTES = 12;
const HIGH = 2 ** 32;

/** How far each stream of nonces has come: one key, and one beginning, which tells node and epoch. */
export class CountStreams {
  readonly #keys = new Map<string, Map<number, number>>();

  /** What is wrong with the next nonce under a key, if anything is. Nonces of other lengths count nothing. */
  note(key: string, nonce: Uint8Array): string | undefined {
    if (nonce.length !== NONCE_BYTES) return undefined;
    const view = new DataView(nonce.buffer, nonce.byteOffset, nonce.length);
    const beginning = view.getUint32(0);
    const count = view.getUint32(COUNT_AT) * HIGH + view.getUint32(COUNT_AT + 4);
    const streams = this.#keys.get(key) ?? new Map<number, number>();
    this.#keys.set(key, streams);
    const last = streams.get(beginning) ?? 0;
    streams.set(beginning, count);
    if (count > last) return undefined;
    return `the count under ${key} from ${beginning.toString(16)} is ${count} after ${last}`;
  }
}
