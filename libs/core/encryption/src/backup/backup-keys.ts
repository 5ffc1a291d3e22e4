import {
  CaissonError,
  type Cipher,
  type Compressor,
  type Hashes,
  isCaissonError,
  type KekProvider,
  type StateProof,
} from '@caisson/contracts';
import { type KeyState, PURPOSE_CODE } from '@caisson/formats';
import { CipherRegistry } from '../envelope/cipher-registry.js';
import { OfflineReader } from '../inspection/offline-reader.js';
import { recordMac } from '../keys/authentication.js';
import { KekRing } from '../keys/kek-ring.js';
import { Keystore } from '../keys/keystore.js';
import { verifyKeyState } from '../state/key-state-mac.js';

export interface BackupKeysParts {
  readonly keks: readonly KekProvider[];
  readonly ciphers: readonly Cipher[];
  readonly hashes: Hashes;
  readonly compressor?: Compressor | undefined;
}

/** A state whose keys are to be opened, and whose it is. */
export interface BackedUpKeys {
  readonly group: number;
  readonly clusterId: Uint8Array;
  readonly state: KeyState;
}

/** The DEKs of a backup, outside of any node: nothing is recorded and no epoch is taken. */
export class BackupKeys {
  readonly keystore: Keystore;
  readonly hashes: Hashes;
  readonly #keks: readonly KekProvider[];
  readonly #reader: OfflineReader;

  constructor(parts: BackupKeysParts) {
    this.hashes = parts.hashes;
    this.keystore = new Keystore(parts.hashes, new CipherRegistry(parts.ciphers));
    this.#keks = parts.keks;
    this.#reader = new OfflineReader(parts);
  }

  get hasKek(): boolean {
    return this.#keks.length > 0;
  }

  /** All KEKs as one, for keys that are made here. */
  get ring(): KekRing {
    return new KekRing(this.#keks, this.hashes);
  }

  /**
   * Unwraps every unretired key, by any of the KEKs, and verifies the state under them: `KEK_NOT_CONFIGURED`,
   * `KEK_MISMATCH`, and `BACKUP_INVALID` for a state that does not authenticate.
   */
  async open(backedUp: BackedUpKeys, signal?: AbortSignal): Promise<void> {
    await this.#unwrapAll(backedUp.state, this.ring, signal);
    const { group, clusterId, state } = backedUp;
    try {
      verifyKeyState(state, { hashes: this.hashes, keystore: this.keystore, clusterId }, group);
    } catch (error) {
      if (!isCaissonError(error, 'CORRUPTION')) throw error;
      throw new CaissonError('BACKUP_INVALID', { ...error.details, group }, { cause: error });
    }
    await this.#reader.loadKeyState(state, signal);
  }

  /**
   * As `open`, and through each KEK alone, so that each is known to be enough. Answers how many keys each one
   * opened.
   */
  async openThroughEach(
    backedUp: BackedUpKeys,
    signal?: AbortSignal,
  ): Promise<readonly { readonly provider: string; readonly keyRef: string; readonly keys: number }[]> {
    const opened = [];
    for (const kek of this.#keks) {
      const keys = await this.#unwrapAll(backedUp.state, new KekRing([kek], this.hashes), signal);
      const { provider, keyRef } = await kek.describe();
      opened.push({ provider, keyRef, keys });
    }
    await this.open(backedUp, signal);
    return opened;
  }

  /** `BACKUP_INVALID` unless the proof was made under the keys of this state. */
  verify({ group, clusterId, state }: BackedUpKeys, proof: StateProof, field: string): void {
    const held = this.keystore.find(state.macKeyId, 'storage');
    const { hashes } = this;
    const expected = held && recordMac({ hashes, clusterId, dek: held.dek }, 'keyState', ...proof.parts);
    if (expected !== undefined && hashes.equal(expected, proof.mac)) return;
    throw new CaissonError('BACKUP_INVALID', { group, field, problem: 'does not authenticate' });
  }

  /** Tries to open a version. */
  look(
    storeKey: Uint8Array,
    stored: Uint8Array,
  ): { readonly isSealed: boolean; readonly problem?: CaissonError } {
    const { header, problem } = this.#reader.value(storeKey, stored);
    const isSealed = header.state === 'sealed';
    return problem === undefined ? { isSealed } : { isSealed, problem };
  }

  /** Forgets every key. */
  close(): void {
    this.keystore.erase();
    this.#reader.close();
  }

  async #unwrapAll(state: KeyState, ring: KekRing, signal?: AbortSignal): Promise<number> {
    const keys = state.keys.filter((key) => key.state !== 'retired');
    for (const { keyId, purpose, originId, container, check } of keys) {
      const dek = await ring.unwrap(container, { keyId, originId, purpose: PURPOSE_CODE[purpose] }, signal);
      this.keystore.set({ keyId, purpose, originId, dek }, check);
    }
    return keys.length;
  }
}
