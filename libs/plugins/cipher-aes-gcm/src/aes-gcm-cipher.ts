import { createCipheriv, createDecipheriv } from 'node:crypto';
import { invariant } from '@caisson/base';
import type { Cipher, PreparedKey, Secret } from '@caisson/contracts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };
/** Room for what is authenticated with most values: a few fields and a short key. */
const AAD_BYTES_HELD = 256;

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
  readonly #nonce = new Outside(NONCE_BYTES);
  readonly #aad = new Outside(AAD_BYTES_HELD);

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return this.sealBehind(0, nonce, aad, plaintext);
  }

  sealBehind(room: number, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const cipher = createCipheriv(ALGORITHM, this.#live(), this.#nonce.hold(nonce), OPTIONS);
    cipher.setAAD(this.#aad.hold(aad));
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
    const decipher = createDecipheriv(ALGORITHM, key, this.#nonce.hold(nonce), OPTIONS);
    decipher.setAAD(this.#aad.hold(aad));
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

/**
 * Bytes outside of the engine's heap, where OpenSSL takes them from, used again and again: a small array that
 * was just made has to move there first, which costs more than copying it.
 */
class Outside {
  readonly #memory: ArrayBuffer;
  #window: Uint8Array;

  constructor(bytes: number) {
    this.#memory = new ArrayBuffer(bytes);
    this.#window = new Uint8Array(this.#memory);
  }

  /** The same bytes, until the next call; those that do not fit are handed back as they are. */
  hold(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > this.#memory.byteLength) return bytes;
    if (length !== this.#window.length) this.#window = new Uint8Array(this.#memory, 0, length);
    this.#window.set(bytes);
    return this.#window;
  }
}

/** A window. Made by hand because `subarray` of a `Buffer` is several times slower. */
function part(bytes: Uint8Array, from: number, length: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, length);
}
