import { createCipheriv, createDecipheriv } from 'node:crypto';
import { invariant } from '@caisson/base';
import type { Cipher, PreparedKey, Secret } from '@caisson/contracts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

/** AES-256-GCM of node:crypto, the suite behind envelope versions 1 and 2. */
export class AesGcmCipher implements Cipher {
  readonly id = ALGORITHM;
  readonly versions: readonly number[] = [1, 2];
  readonly keyBytes = KEY_BYTES;
  readonly nonceBytes = NONCE_BYTES;
  readonly tagBytes = TAG_BYTES;

  prepare(key: Secret): PreparedKey {
    invariant('CIPHER-1', key.length === KEY_BYTES, 'an AES-256 key has 32 bytes');
    return new AesGcmKey(new Uint8Array(key.reveal()));
  }
}

/**
 * Raw bytes rather than a `KeyObject`: as fast per call, and they can be overwritten when the key is dropped.
 */
class AesGcmKey implements PreparedKey {
  #key: Uint8Array | undefined;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return this.sealBehind(0, nonce, aad, plaintext);
  }

  sealBehind(room: number, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const cipher = createCipheriv(ALGORITHM, this.#live(), nonce, OPTIONS);
    cipher.setAAD(aad);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    const end = room + ciphertext.length;
    const sealed = Buffer.allocUnsafe(end + TAG_BYTES);
    sealed.set(ciphertext, room);
    sealed.set(cipher.getAuthTag(), end);
    return sealed;
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const key = this.#live();
    const cut = sealed.length - TAG_BYTES;
    if (cut < 0 || nonce.length !== NONCE_BYTES) return undefined;
    const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS);
    decipher.setAAD(aad);
    decipher.setAuthTag(part(sealed, cut, TAG_BYTES));
    const plaintext = decipher.update(part(sealed, 0, cut));
    try {
      decipher.final();
    } catch {
      // The only failure left at this point: the tag. What was decrypted must not be seen by anyone.
      plaintext.fill(0);
      return undefined;
    }
    return plaintext;
  }

  openBehind(room: number, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = this.open(nonce, aad, sealed);
    if (plaintext === undefined) return undefined;
    const behind = Buffer.allocUnsafe(room + plaintext.length);
    behind.set(plaintext, room);
    return behind;
  }

  dispose(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }

  #live(): Uint8Array {
    invariant('CIPHER-2', this.#key !== undefined, 'a disposed key was used');
    return this.#key;
  }
}

/** A window. Made by hand because `subarray` of a `Buffer` is several times slower. */
function part(bytes: Uint8Array, from: number, length: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, length);
}
