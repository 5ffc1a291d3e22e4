import { type Cipher, type PreparedKey, Secret } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';

/** A published answer, so that a suite which only agrees with itself is found out. */
export interface CipherVector {
  readonly source: string;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly plaintext: Uint8Array;
  /** `ciphertext ‖ tag`. */
  readonly sealed: Uint8Array;
}

/** What the cipher kit works on. */
export interface CipherHarness extends Harness {
  readonly cipher: Cipher;
  readonly vectors?: readonly CipherVector[];
}

export const VECTORS: Need<CipherHarness> = {
  id: 'vectors',
  what: 'known answers of the suite',
  isMet: ({ vectors = [] }) => vectors.length > 0,
};

export function keyOf(cipher: Cipher, number = 1): PreparedKey {
  return cipher.prepare(new Secret(pattern(cipher.keyBytes, number)));
}

/** A nonce used once per number: the kit keeps the caller's side of the bargain. */
export function nonceOf(cipher: Cipher, number: number): Uint8Array {
  return pattern(cipher.nonceBytes, 100 + number);
}

export function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => seed * 29 + at * 7 + (at >> 5));
}
