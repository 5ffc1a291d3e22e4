import { CaissonError, type Faults, type Logger, type Secret } from '@caisson/contracts';
import { fullNodeId, PURPOSE_CODE, type WrappedKey } from '@caisson/formats';
import { EpochFloors } from '../candidate/epoch-floors.js';
import { CipherRegistry } from '../envelope/cipher-registry.js';
import { KekRing } from '../keys/kek-ring.js';
import { type HeldKey, Keystore } from '../keys/keystore.js';
import { WatchedKek } from '../keys/watched-kek.js';
import { patiently, type Waiting } from '../keys/patience.js';
import { SidecarBook } from '../sidecar/sidecar-book.js';
import { activeKeyIds } from '../sidecar/sidecar-merge.js';
import { USAGE_LIMITS, type UsageLimits } from '../usage/usage-limits.js';
import type { NodeEncryptionParts } from './encryption-config.js';
import { EPOCH_MAX } from './epoch-range.js';
import { OwnSeals } from './own-seals.js';

const EPOCHS_FEW = 0xff;

/** A wrapped DEK with everything its wrapping is bound to. */
export type UnwrapRequest = Pick<WrappedKey, 'keyId' | 'purpose' | 'originId' | 'container'>;

/** The keys of one node: held, wrapped, recorded, and its own epochs under them. */
export class NodeKeys {
  readonly keystore: Keystore;
  readonly ring: KekRing;
  readonly floors: EpochFloors;
  readonly book: SidecarBook;
  readonly limits: UsageLimits;
  readonly epochMax: number;
  readonly #parts: NodeEncryptionParts;
  readonly #leaving = new AbortController();
  #seals: OwnSeals | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: NodeEncryptionParts) {
    this.#parts = parts;
    this.epochMax = parts.config.epochMax ?? EPOCH_MAX;
    this.limits = { ...USAGE_LIMITS, ...parts.config.usage };
    this.keystore = new Keystore(parts.hashes, new CipherRegistry(parts.ciphers));
    const watched = parts.keks.map((kek) => new WatchedKek(kek, parts.clock));
    this.ring = new KekRing(watched, parts.hashes);
    this.floors = new EpochFloors(parts);
    this.book = new SidecarBook({ ...parts, keystore: this.keystore, floors: this.floors });
  }

  /** Of the node's name, which is known once the directory is open. */
  get seals(): OwnSeals {
    if (this.#seals !== undefined) return this.#seals;
    const { random, clock, directory } = this.#parts;
    const salts = { random, clock, saltLimit: this.limits.salt };
    return (this.#seals = new OwnSeals(fullNodeId(directory.identity.name), salts));
  }

  get faults(): Faults {
    return this.#parts.faults;
  }

  get logger(): Logger {
    return this.#parts.logger;
  }

  nowMs(): number {
    return this.#parts.clock.nowMs();
  }

  /** Unwraps by any provider, and waits for as long as they are merely out of reach. */
  async unwrap(
    { keyId, purpose, originId, container }: UnwrapRequest,
    signal?: AbortSignal,
  ): Promise<Secret> {
    const context = { keyId, originId, purpose: PURPOSE_CODE[purpose] };
    const limit = signal ?? this.#leaving.signal;
    return patiently(() => this.ring.unwrap(container, context, limit), this.#waiting(keyId), limit);
  }

  /** Unwraps and holds; `KEK_MISMATCH` when the check value is another one. */
  async load(key: UnwrapRequest & Pick<WrappedKey, 'check'>, signal?: AbortSignal): Promise<HeldKey> {
    const dek = await this.unwrap(key, signal);
    return this.keystore.set({ ...key, dek }, key.check);
  }

  /**
   * One more epoch for each active DEK that has none in this process: first durable, then in use. Keys that
   * came up in this process keep the epoch with which they were recorded.
   *
   * `inStore` are the keys that are active by the store of a group. The sidecar may be a rotation ahead:
   * what is replayed until then is sealed under the key before. `registered` is what others saw of this
   * node; its epochs are above it in every case.
   */
  takeEpochs(inStore: readonly number[] = [], registered = -1): Promise<void> {
    const turn = this.#turn.then(() => this.#takeEpochs(inStore, registered));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** The epoch after the recorded one, or `LOCAL_EPOCH_EXHAUSTED`. */
  nextEpoch(keyId: number, epoch: number): number {
    if (epoch >= this.epochMax) throw new CaissonError('LOCAL_EPOCH_EXHAUSTED', { keyId, epoch });
    return epoch + 1;
  }

  /** Forgets a retired key for good: first its wrapping, then its bytes. */
  async erase(keyId: number): Promise<void> {
    await this.book.record({ gone: new Set([keyId]) });
    this.seals.end(keyId);
    this.keystore.retire(keyId);
  }

  /** Ends waiting for key services: the node stops. */
  leave(): void {
    this.#leaving.abort(new CaissonError('DRAINING'));
  }

  async #takeEpochs(inStore: readonly number[], registered: number): Promise<void> {
    const { content } = this.book;
    const known = inStore.filter((keyId) => content?.keys.has(keyId) === true);
    const active = content === undefined ? [] : [...new Set([...activeKeyIds(content), ...known])];
    const fresh = active.filter((keyId) => (this.seals.epochOf(keyId) ?? -1) <= registered);
    const seen = (keyId: number) => Math.max(content!.keys.get(keyId)!.localEpoch, registered);
    const epochs = new Map(fresh.map((keyId) => [keyId, this.nextEpoch(keyId, seen(keyId))]));
    if (epochs.size === 0) return;
    await this.book.record({ epochs });
    for (const [keyId, epoch] of epochs) {
      const held = this.keystore.get(keyId);
      if (held !== undefined) this.seals.begin(held, epoch);
      const left = this.epochMax - epoch;
      if (left <= EPOCHS_FEW) {
        this.logger.log('warn', 'few epochs are left under the key: rotate it', { keyId, epoch, left });
      }
    }
  }

  #waiting(keyId: number): Waiting {
    const { clock, random, faults, logger } = this.#parts;
    return {
      clock,
      random,
      onWait: (error) => {
        faults.degraded(`waiting for a key service: ${error.code}`);
        logger.log('warn', 'waiting for a key service', { keyId, error });
      },
      onRecovered: () => faults.recovered(),
    };
  }
}
