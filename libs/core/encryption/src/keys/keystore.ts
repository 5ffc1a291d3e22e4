import { equalBytes, toHex } from '@caisson/base';
import { CaissonError, type Hashes, type PreparedKey, type Secret } from '@caisson/contracts';
import type { KeyPurpose } from '@caisson/formats';
import type { CipherRegistry } from '../envelope/cipher-registry.js';
import { DerivedKeys } from '../envelope/derived-keys.js';
import { checkValue } from './check-value.js';

/** A DEK as it comes out of its wrapping. */
export interface UnwrappedKey {
  readonly keyId: number;
  readonly purpose: KeyPurpose;
  readonly originId: Uint8Array;
  readonly dek: Secret;
}

/** A DEK this process can use. */
export interface HeldKey extends UnwrappedKey {
  readonly check: Uint8Array;
  /** Ready for the suite behind an envelope version; made once per version. */
  prepared(version: number): PreparedKey;
  /** A key derived from it by `salt`, for suites that never use the DEK itself. Not to be kept. */
  derived(version: number, salt: Uint8Array): PreparedKey;
}

/**
 * Every DEK of the node, unwrapped, in memory only.
 *
 * Readers see one consistent set without locks: each change replaces the whole map. A key id stands for the
 * same bytes for ever; keys that were rotated out stay readable until they are retired.
 */
export class Keystore {
  readonly #hashes: Hashes;
  readonly #ciphers: CipherRegistry;
  #keys: ReadonlyMap<number, StoredKey> = new Map();

  constructor(hashes: Hashes, ciphers: CipherRegistry) {
    this.#hashes = hashes;
    this.#ciphers = ciphers;
  }

  get ids(): readonly number[] {
    return [...this.#keys.keys()].sort((a, b) => a - b);
  }

  get(keyId: number): HeldKey | undefined {
    return this.#keys.get(keyId);
  }

  /** The key if it is held for this purpose: a storage DEK never opens a payload, nor the reverse. */
  find(keyId: number, purpose: KeyPurpose): HeldKey | undefined {
    const key = this.#keys.get(keyId);
    return key?.purpose === purpose ? key : undefined;
  }

  /**
   * Takes a key over, and its secret with it. The same key again is a no-op; another one under a known id
   * is `KEY_CONFLICT`; one that does not give the expected check value is `KEK_MISMATCH`. The secret of a
   * refused key is erased.
   */
  set(key: UnwrappedKey, expectedCheck?: Uint8Array): HeldKey {
    const check = checkValue(this.#hashes, key.dek);
    const held = this.#keys.get(key.keyId);
    const refusal = refusalOf(key, { check, expectedCheck, held }, this.#hashes);
    const isSpare = refusal !== undefined || held !== undefined;
    if (isSpare && held?.dek !== key.dek) key.dek.erase();
    if (refusal !== undefined) throw refusal;
    if (held !== undefined) return held;
    const stored = new StoredKey(key, check, { hashes: this.#hashes, ciphers: this.#ciphers });
    this.#keys = new Map(this.#keys).set(key.keyId, stored);
    return stored;
  }

  /** Forgets a key and overwrites its bytes. Unknown ids are fine. */
  retire(keyId: number): void {
    const key = this.#keys.get(keyId);
    if (key === undefined) return;
    const remaining = new Map(this.#keys);
    remaining.delete(keyId);
    this.#keys = remaining;
    key.erase();
  }

  /** Forgets everything: the node stops. */
  erase(): void {
    for (const keyId of this.ids) this.retire(keyId);
  }
}

class StoredKey implements HeldKey {
  readonly keyId: number;
  readonly purpose: KeyPurpose;
  readonly originId: Uint8Array;
  readonly dek: Secret;
  readonly check: Uint8Array;
  readonly #ciphers: CipherRegistry;
  readonly #prepared = new Map<number, PreparedKey>();
  readonly #derived: DerivedKeys;

  constructor(key: UnwrappedKey, check: Uint8Array, by: { hashes: Hashes; ciphers: CipherRegistry }) {
    this.keyId = key.keyId;
    this.purpose = key.purpose;
    this.originId = key.originId;
    this.dek = key.dek;
    this.check = check;
    this.#ciphers = by.ciphers;
    this.#derived = new DerivedKeys({ dek: key.dek, purpose: key.purpose, ...by });
  }

  isSame(other: UnwrappedKey, hashes: Hashes): boolean {
    return (
      this.purpose === other.purpose &&
      equalBytes(this.originId, other.originId) &&
      hashes.equal(this.dek.reveal(), other.dek.reveal())
    );
  }

  prepared(version: number): PreparedKey {
    const known = this.#prepared.get(version);
    if (known !== undefined) return known;
    const made = this.#ciphers.get(version).prepare(this.dek);
    this.#prepared.set(version, made);
    return made;
  }

  derived(version: number, salt: Uint8Array): PreparedKey {
    return this.#derived.get(version, salt);
  }

  erase(): void {
    this.#derived.dispose();
    for (const key of this.#prepared.values()) key.dispose();
    this.#prepared.clear();
    this.dek.erase();
  }
}

interface Known {
  readonly check: Uint8Array;
  readonly expectedCheck: Uint8Array | undefined;
  readonly held: StoredKey | undefined;
}

function refusalOf(key: UnwrappedKey, known: Known, hashes: Hashes): CaissonError | undefined {
  const { check, expectedCheck, held } = known;
  const { keyId } = key;
  if (expectedCheck !== undefined && !equalBytes(check, expectedCheck)) {
    return new CaissonError('KEK_MISMATCH', { keyId, reason: 'check value', found: toHex(check) });
  }
  const isSame = held === undefined || held.isSame(key, hashes);
  return isSame ? undefined : new CaissonError('KEY_CONFLICT', { keyId });
}
