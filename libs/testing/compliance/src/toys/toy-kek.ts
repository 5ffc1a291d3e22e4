import { ByteWriter, concatBytes } from '@caisson/base';
import {
  CaissonError,
  type KekDescription,
  type KekProvider,
  Secret,
  type WrapContext,
} from '@caisson/contracts';
import { SeededRandom } from '../doubles/seeded-random.js';
import { ToyCipher } from './toy-cipher.js';

const NONCE_BYTES = 12;
const DEK_BYTES = 32;

/** Wraps keys with the toy cipher under a key made of one number. Keeps the contract, protects nothing. */
export class ToyKek implements KekProvider {
  readonly #number: number;
  readonly #nonces: SeededRandom;
  #isDisabled = false;

  constructor(number = 1) {
    this.#number = number;
    this.#nonces = new SeededRandom(number);
  }

  /** The key itself, for tests that look for it where it must not be. */
  get material(): Uint8Array {
    return new SeededRandom(this.#number).bytes(32);
  }

  /** Revokes the key: everything fails until the end. */
  disable(): void {
    this.#isDisabled = true;
  }

  async describe(): Promise<KekDescription> {
    const state = this.#isDisabled ? 'disabled' : 'enabled';
    return { provider: 'toy', keyRef: `toy-${this.#number}`, state, hardware: false, postQuantum: false };
  }

  async wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    await this.#admit(signal);
    const nonce = this.#nonces.bytes(NONCE_BYTES);
    return concatBytes(nonce, this.#key().seal(nonce, bound(context), dek.reveal()));
  }

  async unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    await this.#admit(signal);
    if (blob.length !== NONCE_BYTES + DEK_BYTES + 16)
      throw new CaissonError('KEK_BLOB_CORRUPT', { bytes: blob.length });
    const dek = this.#key().open(blob.subarray(0, NONCE_BYTES), bound(context), blob.subarray(NONCE_BYTES));
    if (dek === undefined) throw new CaissonError('KEK_MISMATCH', { provider: 'toy' });
    return new Secret(dek);
  }

  async rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.wrap(await this.unwrap(blob, context, signal), context, signal);
  }

  async probe(signal?: AbortSignal): Promise<void> {
    await this.#admit(signal);
  }

  async #admit(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isDisabled) throw new CaissonError('KEK_DISABLED', { provider: 'toy' });
  }

  #key(): ReturnType<ToyCipher['prepare']> {
    return new ToyCipher().prepare(new Secret(this.material));
  }
}

function bound({ originId, keyId, purpose }: WrapContext): Uint8Array {
  return new ByteWriter().bytes(originId).u32(keyId).u8(purpose).done();
}
