import {
  CaissonError,
  type Cipher,
  type Compressor,
  type Hashes,
  isCaissonError,
  type KekProvider,
} from '@caisson/contracts';
import {
  decodeProposal,
  envelopeKeyId,
  type KeyState,
  PURPOSE_CODE,
  type Sidecar,
  sidecarMacInput,
  splitValue,
  type ValueHeader,
  type WrappedKey,
} from '@caisson/formats';
import { CipherRegistry } from '../envelope/cipher-registry.js';
import { Packing } from '../compression/packing.js';
import { EnvelopeSuites } from '../envelope/envelope-suite.js';
import { envelopeV1 } from '../envelope/envelope-v1.js';
import { envelopeV2 } from '../envelope/envelope-v2.js';
import { recordMac } from '../keys/authentication.js';
import { KekRing } from '../keys/kek-ring.js';
import { Keystore } from '../keys/keystore.js';

/** A stored value, as far as it opens. */
export interface InspectedValue {
  readonly header: ValueHeader;
  /** Of a sealed value, when its envelope can be read that far. */
  readonly keyId?: number;
  /** The plaintext; absent when the value is sealed and does not open here. */
  readonly body?: Uint8Array;
  /** Why it does not open. */
  readonly problem?: CaissonError;
}

/** The data of a normal log entry, as far as it opens. */
export interface InspectedEntry {
  readonly kind: 'clear' | 'sealed';
  readonly proposalId: bigint;
  readonly keyId?: number;
  readonly payload?: Uint8Array;
  readonly problem?: CaissonError;
}

interface Opened {
  readonly keyId?: number;
  readonly plaintext?: Uint8Array;
  readonly problem?: CaissonError;
}

export interface OfflineReaderParts {
  readonly keks: readonly KekProvider[];
  readonly ciphers: readonly Cipher[];
  readonly hashes: Hashes;
  /** Without one, compressed values are problems. */
  readonly compressor?: Compressor | undefined;
}

/**
 * Opens what lies on a disk without being a node: no guards, no epoch, nothing written. Without a KEK
 * everything that is not sealed can be looked at, and what is sealed says so. What opens has authenticated,
 * but whether it is the newest there was only a running node can tell.
 */
export class OfflineReader {
  readonly #ring: KekRing;
  readonly #keystore: Keystore;
  readonly #hashes: Hashes;
  readonly #suites: EnvelopeSuites;
  #signer: Pick<Sidecar, 'clusterId' | 'macKeyId'> | undefined;

  constructor({ keks, ciphers, hashes, compressor }: OfflineReaderParts) {
    const packing = new Packing({ compressor, isOn: false });
    this.#suites = new EnvelopeSuites([envelopeV1, envelopeV2], envelopeV2.version, packing);
    this.#ring = new KekRing(keks, hashes);
    this.#keystore = new Keystore(hashes, new CipherRegistry(ciphers));
    this.#hashes = hashes;
  }

  /** Key ids that can be opened. */
  get keyIds(): readonly number[] {
    return this.#keystore.ids;
  }

  /** Unwraps the keys of a sidecar; answers whether its MAC is right. No-op without a KEK. */
  async loadSidecar(sidecar: Sidecar, signal?: AbortSignal): Promise<boolean | undefined> {
    this.#signer = sidecar;
    if (this.#ring.isEmpty) return undefined;
    for (const [keyId, key] of sidecar.keys) {
      if (key.state === 'retired') continue;
      await this.#load({ keyId, ...key, container: key.wrapped }, signal);
    }
    const held = this.#keystore.find(sidecar.macKeyId, 'storage');
    if (held === undefined) return false;
    const macKey = { hashes: this.#hashes, dek: held.dek, clusterId: sidecar.clusterId };
    return this.#hashes.equal(recordMac(macKey, 'sidecar', sidecarMacInput(sidecar)), sidecar.mac);
  }

  /**
   * HMAC of a report under a key derived from the DEK that authenticates the sidecar: shows that whoever
   * made it could open the keys of this directory, and nothing about who of them it was. Undefined before a
   * sidecar was loaded, and without its KEK.
   */
  sign(report: Uint8Array): { readonly keyId: number; readonly mac: Uint8Array } | undefined {
    if (this.#signer === undefined) return undefined;
    const { clusterId, macKeyId: keyId } = this.#signer;
    const held = this.#keystore.find(keyId, 'storage');
    if (held === undefined) return undefined;
    return {
      keyId,
      mac: recordMac({ hashes: this.#hashes, dek: held.dek, clusterId }, 'diskReport', report),
    };
  }

  /** Unwraps the keys of a group's key state, for a directory that lost its sidecar. No-op without a KEK. */
  async loadKeyState(state: KeyState, signal?: AbortSignal): Promise<void> {
    if (this.#ring.isEmpty) return;
    for (const key of state.keys) if (key.state !== 'retired') await this.#load(key, signal);
  }

  /** A value of the versions or intents table. Throws only where not even the header can be read. */
  value(storeKey: Uint8Array, stored: Uint8Array): InspectedValue {
    const { header, headerBytes, body } = splitValue(stored);
    if (header.state === 'clear') return { header, body };
    const sealed = this.#open(body, 'ENCRYPTED_READ_INTEGRITY', () =>
      this.#suites.openValue(this.#keystore, { headerBytes, storeKey }, body),
    );
    const { plaintext, ...rest } = sealed;
    return plaintext === undefined ? { header, ...rest } : { header, ...rest, body: plaintext };
  }

  /** An entry by its place in the log of its group. Throws only where it is no proposal. */
  entry(at: { group: number; term: number; index: number }, data: Uint8Array): InspectedEntry {
    const { kind, proposalId, body } = decodeProposal(data);
    if (kind === 'clear') return { kind, proposalId, payload: body };
    const { plaintext, ...rest } = this.#open(body, 'RAFT_UNWRAP_FAILED', () =>
      this.#suites.reader(body).openPayload(this.#keystore, { ...at, proposalId }, body),
    );
    return plaintext === undefined
      ? { kind, proposalId, ...rest }
      : { kind, proposalId, ...rest, payload: plaintext };
  }

  /** Forgets every key. */
  close(): void {
    this.#keystore.erase();
  }

  async #load(
    key: Pick<WrappedKey, 'keyId' | 'purpose' | 'originId' | 'container' | 'check'>,
    signal?: AbortSignal,
  ) {
    const { keyId, purpose, originId, container, check } = key;
    const dek = await this.#ring.unwrap(
      container,
      { keyId, originId, purpose: PURPOSE_CODE[purpose] },
      signal,
    );
    this.#keystore.set({ keyId, purpose, originId, dek }, check);
  }

  #open(
    envelope: Uint8Array,
    failure: 'ENCRYPTED_READ_INTEGRITY' | 'RAFT_UNWRAP_FAILED',
    open: () => Uint8Array | undefined,
  ): Opened {
    let keyId: number | undefined;
    try {
      keyId = envelopeKeyId(envelope);
      const plaintext = open();
      if (plaintext !== undefined) return { keyId, plaintext };
      return { keyId, problem: new CaissonError(failure, { keyId }) };
    } catch (problem) {
      if (!isCaissonError(problem)) throw problem;
      return keyId === undefined ? { problem } : { keyId, problem };
    }
  }
}
