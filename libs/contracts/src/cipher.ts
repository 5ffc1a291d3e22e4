import type { Secret } from './secret.js';
import { list } from './token.js';

/** A key made ready for one suite. Zero or drop it with `dispose`; using it afterwards is a bug. */
export interface PreparedKey {
  /**
   * `ciphertext ‖ tag`, in fresh memory. Uses each (key, nonce) pair once at most: the caller guarantees
   * that, nothing here checks it.
   */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /**
   * The plaintext in fresh memory, or `undefined` when authentication fails for whatever reason. Never a part
   * of it, never unauthenticated bytes.
   */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /**
   * As `seal`, with `room` bytes in front that are the caller's to fill before anybody else sees them: what
   * they hold is undefined. Saves a copy where a header comes before the sealed bytes. Optional, like
   * `openBehind`; callers do without by copying.
   */
  sealBehind?(room: number, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** As `open`, with such room in front of the plaintext. */
  openBehind?(room: number, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  dispose(): void;
}

/**
 * An AEAD suite. Synchronous, because apply is; a list, because old bytes outlive the suite that wrote them.
 */
export interface Cipher {
  readonly id: string;
  /** The envelope version bytes that this suite owns. */
  readonly versions: readonly number[];
  readonly keyBytes: number;
  readonly nonceBytes: number;
  readonly tagBytes: number;
  /** `key` has `keyBytes` bytes and may be erased once this returns. */
  prepare(key: Secret): PreparedKey;
}

export const Cipher = list<Cipher>('Cipher');
