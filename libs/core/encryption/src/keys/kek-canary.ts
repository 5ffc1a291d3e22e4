import {
  CaissonError,
  type Clock,
  type Faults,
  isCaissonError,
  type KekProvider,
  type Logger,
  type ReplicationEngine,
  toCaissonError,
} from '@caisson/contracts';
import { decodeWrappedDek, type KeyRecord, PURPOSE_CODE } from '@caisson/formats';
import type { NodeEncryption } from '../node/node-encryption.js';

export interface KekCanaryParts {
  readonly node: NodeEncryption;
  readonly engine: Pick<ReplicationEngine, 'groups'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  readonly faults: Faults;
  readonly intervalMs: number;
}

/**
 * Opens a data key through each KEK every now and then, so that one that has stopped to work is found before
 * a restart depends on it. The node reads and writes on without any; its health says what is wrong.
 */
export class KekCanary {
  readonly #parts: KekCanaryParts;
  readonly #leaving = new AbortController();
  #said = '';

  constructor(parts: KekCanaryParts) {
    this.#parts = parts;
  }

  start(): void {
    const { node, faults } = this.#parts;
    if (!node.enabled) return;
    void this.#watch().catch((error: unknown) => {
      if (!this.#leaving.signal.aborted) faults.fatal(toCaissonError(error));
    });
  }

  stop(): void {
    this.#leaving.abort(new CaissonError('DRAINING'));
  }

  async #watch(): Promise<void> {
    const { clock, intervalMs } = this.#parts;
    const { signal } = this.#leaving;
    for (;;) {
      await clock.sleep(intervalMs, signal);
      await this.#look(signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { node, faults, logger } = this.#parts;
    const problems: string[] = [];
    for (const provider of node.keys.ring.providers) {
      const error = await this.#failureOf(provider, signal);
      if (error === undefined) continue;
      const kek = await provider.describe().then(
        ({ provider: name, keyRef }) => `${name}:${keyRef}`,
        () => 'a KEK',
      );
      problems.push(`${kek} does not open data keys: ${error.code}`);
      if (this.#said === '') logger.log('warn', 'a KEK does not open data keys', { kek, error });
    }
    const said = problems.join('; ');
    if (said !== '') faults.degraded(said);
    else if (this.#said !== '') faults.recovered();
    this.#said = said;
  }

  async #failureOf(provider: KekProvider, signal: AbortSignal): Promise<CaissonError | undefined> {
    try {
      const { provider: name, keyRef } = await provider.describe();
      const isOwn = (slot: { readonly provider: string; readonly keyRef: string }) =>
        slot.provider === name && slot.keyRef === keyRef;
      const key = this.#keys().find(({ container }) => decodeWrappedDek(container).some(isOwn));
      // What is held in memory would go on opening keys when the place it came from is gone.
      await provider.probe(signal);
      if (key !== undefined)
        await this.#open(provider, key, decodeWrappedDek(key.container).find(isOwn)!.blob);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!isCaissonError(error)) throw error;
      return error;
    }
  }

  async #open(
    provider: KekProvider,
    { keyId, originId, purpose }: KeyRecord,
    blob: Uint8Array,
  ): Promise<void> {
    const { node } = this.#parts;
    const context = { keyId, originId, purpose: PURPOSE_CODE[purpose] };
    const dek = await provider.unwrap(blob, context, this.#leaving.signal);
    const held = node.keys.keystore.get(keyId)?.dek;
    const isSame = held !== undefined && node.parts.hashes.equal(held.reveal(), dek.reveal());
    dek.erase();
    if (!isSame) throw new CaissonError('KEK_MISMATCH', { keyId, reason: 'another key came out' });
  }

  #keys(): readonly KeyRecord[] {
    const { node, engine } = this.#parts;
    return engine.groups.flatMap((id) => node.session(id).state.current.keys.keys);
  }
}
