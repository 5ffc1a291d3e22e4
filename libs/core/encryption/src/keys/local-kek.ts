import { EMPTY_BYTES, toHex, toUtf8 } from '@caisson/base';
import {
  CaissonError,
  type Cipher,
  type Hashes,
  type KekDescription,
  type KekProvider,
  type PreparedKey,
  type Random,
  Secret,
  type WrapContext,
} from '@caisson/contracts';
import {
  DEK_BYTES,
  decodeLocalKekBlob,
  encodeLocalKekBlob,
  NONCE_BYTES,
  wrapContext,
} from '@caisson/formats';

export const KEK_BYTES = 32;
/** The suite of local KEK blobs is the one behind envelope version 1: AES-256-GCM. */
const SUITE = 1;
const REF_BYTES = 8;
const REF_INFO = toUtf8('caisson/kek-ref/1');

export interface LocalKekParts {
  /** Name of the provider inside wrapped-DEK containers. */
  readonly provider: string;
  readonly key: Secret;
  readonly ciphers: readonly Cipher[];
  readonly hashes: Hashes;
  readonly random: Random;
}

/**
 * A KEK whose bytes this process holds, wherever they came from.
 *
 * Its reference is a fingerprint derived from the key, so that the wrong file is told from a damaged blob.
 * The nonces are random: a KEK wraps so few keys that they cannot meet.
 */
export class LocalKek implements KekProvider {
  readonly #provider: string;
  readonly #keyRef: string;
  readonly #key: PreparedKey;
  readonly #random: Random;

  constructor({ provider, key, ciphers, hashes, random }: LocalKekParts) {
    if (key.length !== KEK_BYTES) {
      throw new CaissonError('KEK_MISCONFIGURED', { provider, problem: 'not 32 bytes', bytes: key.length });
    }
    const cipher = ciphers.find(({ versions }) => versions.includes(SUITE));
    if (cipher === undefined) {
      throw new CaissonError('KEK_MISCONFIGURED', { provider, problem: 'no plugin provides AES-256-GCM' });
    }
    this.#provider = provider;
    this.#keyRef = toHex(hashes.hkdfSha256(key, EMPTY_BYTES, REF_INFO, REF_BYTES).reveal());
    this.#key = cipher.prepare(key);
    this.#random = random;
  }

  describe(): Promise<KekDescription> {
    return Promise.resolve({
      provider: this.#provider,
      keyRef: this.#keyRef,
      state: 'enabled',
      hardware: false,
      postQuantum: true,
    });
  }

  wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return unless(signal, () => this.#wrap(dek, context));
  }

  unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    return unless(signal, () => this.#unwrap(blob, context));
  }

  rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return unless(signal, () => {
      const dek = this.#unwrap(blob, context);
      try {
        return this.#wrap(dek, context);
      } finally {
        dek.erase();
      }
    });
  }

  probe(signal?: AbortSignal): Promise<void> {
    return unless(signal, () => undefined);
  }

  dispose(): void {
    this.#key.dispose();
  }

  #wrap(dek: Secret, context: WrapContext): Uint8Array {
    if (dek.length !== DEK_BYTES) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'dek', bytes: dek.length, limit: DEK_BYTES });
    }
    const nonce = this.#random.bytes(NONCE_BYTES);
    return encodeLocalKekBlob({ nonce, sealed: this.#key.seal(nonce, wrapContext(context), dek.reveal()) });
  }

  #unwrap(blob: Uint8Array, context: WrapContext): Secret {
    const { nonce, sealed } = decodeLocalKekBlob(blob);
    const opened = this.#key.open(nonce, wrapContext(context), sealed);
    if (opened === undefined) {
      throw new CaissonError('KEK_MISMATCH', {
        provider: this.#provider,
        keyRef: this.#keyRef,
        keyId: context.keyId,
      });
    }
    const dek = new Secret(opened);
    opened.fill(0);
    return dek;
  }
}

async function unless<T>(signal: AbortSignal | undefined, work: () => T): Promise<T> {
  signal?.throwIfAborted();
  return work();
}
