import { equalBytes, toHex, toUtf8 } from '@caisson/base';
import type { Hashes, PreparedKey, Secret } from '@caisson/contracts';
import type { KeyPurpose } from '@caisson/formats';
import type { CipherRegistry } from './cipher-registry.js';

const INFO = 'caisson/envelope/2/';
const KEY_BYTES = 32;
/** A key is some 300 bytes; an open value met under an evicted one costs one more derivation, about 10 µs. */
const HELD_MAX = 1024;

export interface DerivedKeysParts {
  readonly dek: Secret;
  readonly purpose: KeyPurpose;
  readonly hashes: Hashes;
  readonly ciphers: CipherRegistry;
}

/**
 * Keys derived from one DEK by salt: HKDF-SHA-256 (RFC 5869) with the purpose in its info, so that one DEK
 * used for both layers by mistake still gives two keys.
 *
 * Every process load that ever sealed has its own salts, so how many there are has no bound: the least
 * recently used ones beyond a fixed number are forgotten and derived again when needed.
 */
export class DerivedKeys {
  readonly #parts: DerivedKeysParts;
  readonly #info: Uint8Array;
  readonly #held = new Map<string, PreparedKey>();
  /** Most reads of a scan meet the salt of the read before. */
  #last: { readonly salt: Uint8Array; readonly version: number; readonly key: PreparedKey } | undefined;

  constructor(parts: DerivedKeysParts) {
    this.#parts = parts;
    this.#info = toUtf8(INFO + parts.purpose);
  }

  get size(): number {
    return this.#held.size;
  }

  get(version: number, salt: Uint8Array): PreparedKey {
    const last = this.#last;
    if (last !== undefined && last.version === version && equalBytes(last.salt, salt)) return last.key;
    const name = `${version} ${toHex(salt)}`;
    const key = this.#held.get(name) ?? this.#derive(version, salt);
    this.#held.delete(name);
    this.#held.set(name, key);
    this.#last = { salt: salt.slice(), version, key };
    this.#evict();
    return key;
  }

  /** Overwrites all of them. */
  dispose(): void {
    for (const key of this.#held.values()) key.dispose();
    this.#held.clear();
    this.#last = undefined;
  }

  #derive(version: number, salt: Uint8Array): PreparedKey {
    const { dek, hashes, ciphers } = this.#parts;
    const derived = hashes.hkdfSha256(dek, salt, this.#info, KEY_BYTES);
    try {
      return ciphers.get(version).prepare(derived);
    } finally {
      derived.erase();
    }
  }

  /** The one that seals is always among the recently used, and nobody else keeps one beyond its call. */
  #evict(): void {
    if (this.#held.size <= HELD_MAX) return;
    const [name, key] = this.#held.entries().next().value!;
    this.#held.delete(name);
    key.dispose();
  }
}
