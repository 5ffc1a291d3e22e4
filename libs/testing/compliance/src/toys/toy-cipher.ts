import { concatBytes, crc32c } from '@caisson/base';
import type { Cipher, PreparedKey, Secret } from '@caisson/contracts';

const TAG_BYTES = 16;

/**
 * A suite that keeps every promise of the contract except secrecy: its keystream and tag are checksums, which
 * anyone can forge. It shows what the cipher kit asks for, and gives tests a second suite. Never for data.
 */
export class ToyCipher implements Cipher {
  readonly id = 'toy';
  readonly versions = [15];
  readonly keyBytes = 32;
  readonly nonceBytes = 12;
  readonly tagBytes = TAG_BYTES;

  prepare(key: Secret): PreparedKey {
    const own = key.reveal().slice();
    return {
      seal: (nonce, aad, plaintext) => {
        const ciphertext = masked(own, nonce, plaintext);
        return concatBytes(ciphertext, tagOf(own, nonce, aad, ciphertext));
      },
      open: (nonce, aad, sealed) => {
        if (sealed.length < TAG_BYTES) return undefined;
        const ciphertext = sealed.subarray(0, sealed.length - TAG_BYTES);
        const tag = tagOf(own, nonce, aad, ciphertext);
        const isGenuine = tag.every((byte, at) => byte === sealed[ciphertext.length + at]);
        return isGenuine ? masked(own, nonce, ciphertext) : undefined;
      },
      dispose: () => void own.fill(0),
    };
  }
}

function masked(key: Uint8Array, nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
  const seed = crc32c(nonce, crc32c(key));
  let mask = 0;
  return bytes.map((byte, at) => {
    if (at % 4 === 0) mask = crc32c(word(at), seed);
    return byte ^ (mask >>> (8 * (at % 4)));
  });
}

function tagOf(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const checksum = [key, nonce, word(aad.length), aad, ciphertext].reduce(
    (sum, part) => crc32c(part, sum),
    0,
  );
  return concatBytes(...[0, 1, 2, 3].map((lane) => word(crc32c(word(lane), checksum))));
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
