import { invariant } from '@caisson/base';
import type { CaissonError } from '@caisson/contracts';
import { nodeId16 } from '@caisson/formats';
import type { SealingKey } from '../envelope/envelope-suite.js';
import { NonceFactory } from '../envelope/nonce-factory.js';
import { SaltSource, type SaltSourceParts } from '../envelope/salt-source.js';
import type { HeldKey } from '../keys/keystore.js';
import type { GroupState } from '../state/group-state.js';
import { OwnUsage } from '../usage/own-usage.js';

/**
 * The DEKs under which this process may seal, each with the epoch that is its own for this DEK.
 *
 * One factory per DEK, whatever the number of groups: nonces of one key must not meet. A factory begins only
 * after its epoch is durable.
 */
export class OwnSeals {
  readonly fullNodeId: bigint;
  /** How much of each key this node has used. */
  readonly usage = new OwnUsage();
  readonly #seals = new Map<number, SealingKey>();
  readonly #salts: SaltSourceParts;
  #stopped: CaissonError | undefined;

  constructor(fullNodeId: bigint, salts: SaltSourceParts) {
    this.fullNodeId = fullNodeId;
    this.#salts = salts;
  }

  /** Why this node may not seal any more; it is about to end. */
  get stopped(): CaissonError | undefined {
    return this.#stopped;
  }

  epochOf(keyId: number): number | undefined {
    return this.#seals.get(keyId)?.nonces.epoch;
  }

  /** A fresh factory, unless one of this epoch or a later one is in use. */
  begin(key: HeldKey, epoch: number): void {
    if ((this.epochOf(key.keyId) ?? -1) >= epoch) return;
    const nonces = new NonceFactory({ nodeId16: nodeId16(this.fullNodeId), epoch });
    const usage = this.usage.counter(key.keyId);
    this.#seals.set(key.keyId, { key, nonces, salts: new SaltSource(this.#salts), usage });
  }

  /** The key was erased. */
  end(keyId: number): void {
    this.#seals.delete(keyId);
    this.usage.forget(keyId);
  }

  /** What a group knows of this node's use. */
  adoptClaims({ keys, usage }: GroupState): void {
    for (const { keyId } of keys.keys) this.usage.claimed(keyId, usage.of(keyId, this.fullNodeId));
  }

  sealing(keyId: number): SealingKey {
    if (this.#stopped !== undefined) throw this.#stopped;
    const seal = this.#seals.get(keyId);
    invariant(
      'ENC-4',
      seal !== undefined,
      'something is sealed before this process has an epoch under the key',
    );
    return seal;
  }

  /** The registry refused this node's running epoch: nothing is sealed from here on. */
  stop(error: CaissonError): void {
    this.#stopped ??= error;
  }
}
