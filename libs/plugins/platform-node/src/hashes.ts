import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Hashes, type RunningHash, Secret } from '@caisson/contracts';

/** SHA-256 and what is built on it, from OpenSSL. */
export class NodeHashes implements Hashes {
  sha256(...parts: readonly Uint8Array[]): Uint8Array {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  }

  runningSha256(): RunningHash {
    const hash = createHash('sha256');
    return {
      update: (part) => void hash.update(part),
      done: () => new Uint8Array(hash.digest()),
    };
  }

  hmacSha256(key: Secret, ...parts: readonly Uint8Array[]): Uint8Array {
    const hmac = createHmac('sha256', key.reveal());
    for (const part of parts) hmac.update(part);
    return new Uint8Array(hmac.digest());
  }

  hkdfSha256(inputKey: Secret, salt: Uint8Array, info: Uint8Array, length: number): Secret {
    const derived = new Uint8Array(hkdfSync('sha256', inputKey.reveal(), salt, info, length));
    const secret = new Secret(derived);
    derived.fill(0);
    return secret;
  }

  equal(a: Uint8Array, b: Uint8Array): boolean {
    return a.length === b.length && timingSafeEqual(a, b);
  }
}
