import { toHex } from '@caisson/base';
import { NodeHashes } from '@caisson/platform-node';

const hashes = new NodeHashes();
const SAMPLE_EVERY = 16;
/** What a nonce begins with does not change; the rest counts. */
const COUNT_AT = 4;

/**
 * What was ever sealed, kept outside of all disks: over every process, every disk that was put back, every
 * copy, and every cluster that came of a backup.
 */
export interface SealLedger {
  /** What is wrong with this seal, if anything is. `key` names the key itself, however it came about. */
  note(key: string, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): string | undefined;
}

/** Every key and nonce with its text: the same text twice is no harm. */
export class TextLedger implements SealLedger {
  readonly #sealed = new Map<string, string>();

  get size(): number {
    return this.#sealed.size;
  }

  note(key: string, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): string | undefined {
    const place = `${key} ${toHex(nonce)}`;
    const what = toHex(hashes.sha256(aad, text));
    const before = this.#sealed.get(place);
    if (before === undefined) this.#sealed.set(place, what);
    return before === undefined || before === what ? undefined : `two texts are sealed under ${place}`;
  }
}

/**
 * How far each stream of nonces has come: under one key and one beginning the count must rise with every
 * seal, so that none is ever there twice. Every sixteenth seal is kept as it is, too, and compared.
 */
export class CounterLedger implements SealLedger {
  readonly #last = new Map<string, bigint>();
  readonly #sample = new TextLedger();
  #noted = 0;

  get streams(): number {
    return this.#last.size;
  }

  get sampled(): number {
    return this.#sample.size;
  }

  note(key: string, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): string | undefined {
    const stream = `${key} ${toHex(nonce.subarray(0, COUNT_AT))}`;
    const { buffer, byteOffset, length } = nonce;
    const count = new DataView(buffer, byteOffset + COUNT_AT, length - COUNT_AT).getBigUint64(0);
    const last = this.#last.get(stream);
    this.#last.set(stream, count);
    const isSampled = this.#noted++ % SAMPLE_EVERY === 0;
    const differs = isSampled ? this.#sample.note(key, nonce, aad, text) : undefined;
    if (last === undefined || count > last) return differs;
    return `the count of ${stream} is ${count} after ${last}`;
  }
}
