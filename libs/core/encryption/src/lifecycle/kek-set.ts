import {
  CaissonError,
  type Clock,
  type KekConfiguration,
  type KekInfo,
  type KekProvider,
  type LoadedKeks,
  type Meter,
  type NodeKeks,
  toCaissonError,
} from '@caisson/contracts';
import { decodeWrappedDek, type KeyRecord, PURPOSE_CODE } from '@caisson/formats';
import { KekRing } from '../keys/kek-ring.js';
import { WatchedKek } from '../keys/watched-kek.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { measureKeks } from './measured-kek.js';

export interface KekSetParts {
  readonly node: NodeEncryption;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly configuration?: KekConfiguration | undefined;
  readonly meter?: Meter | undefined;
}

/**
 * The KEKs of this node, which may change while it runs.
 *
 * A set takes over only when it opens every data key as it is wrapped now: so a node that is started again
 * finds what it needs, whatever becomes of the rewrapping that is to follow.
 */
export class KekSet {
  readonly #parts: KekSetParts;
  #loaded: LoadedKeks | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: KekSetParts) {
    this.#parts = parts;
  }

  async view(keys: readonly KeyRecord[]): Promise<NodeKeks> {
    const { node } = this.#parts;
    return infoOf(node, node.keys.ring.providers, keys);
  }

  /** One reload after the other. */
  reload(keys: readonly KeyRecord[], dryRun: boolean, signal?: AbortSignal): Promise<NodeKeks> {
    const turn = this.#turn.then(() => this.#reload(keys, dryRun, signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#loaded?.close();
    this.#loaded = undefined;
  }

  async #reload(keys: readonly KeyRecord[], dryRun: boolean, signal?: AbortSignal): Promise<NodeKeks> {
    const { node, clock, configuration, meter } = this.#parts;
    if (configuration === undefined) {
      throw new CaissonError('UNIMPLEMENTED', {
        problem: 'the node was not started from a configuration file',
      });
    }
    const loaded = await configuration.load(signal);
    const providers = measureKeks(loaded.keks, clock, meter).map((kek) => new WatchedKek(kek, clock));
    let isTaken = false;
    try {
      await requireOpens(node, new KekRing(providers, node.parts.hashes), keys, signal);
      const seen = await infoOf(node, providers, keys);
      isTaken = !dryRun;
      if (dryRun) return seen;
      const before = this.#loaded;
      node.keys.ring.replace(providers);
      this.#loaded = loaded;
      await before?.close();
      const names = seen.keks.map(({ provider, keyRef }) => `${provider}:${keyRef}`);
      node.parts.logger.log('info', 'the KEKs were read again', { keks: names.join(' ') });
      return seen;
    } finally {
      if (!isTaken) await loaded.close();
    }
  }
}

async function requireOpens(
  node: NodeEncryption,
  ring: KekRing,
  keys: readonly KeyRecord[],
  signal?: AbortSignal,
): Promise<void> {
  if (ring.isEmpty) throw new CaissonError('KEK_REQUIRED_WITH_FLAG');
  for (const { keyId, originId, purpose, container } of keys) {
    const context = { keyId, originId, purpose: PURPOSE_CODE[purpose] };
    const dek = await ring.unwrap(container, context, signal);
    const held = node.keys.keystore.get(keyId)?.dek;
    const isSame = held !== undefined && node.parts.hashes.equal(held.reveal(), dek.reveal());
    dek.erase();
    if (!isSame) throw new CaissonError('KEK_MISMATCH', { keyId, reason: 'another key came out' });
  }
}

async function infoOf(
  node: NodeEncryption,
  providers: readonly KekProvider[],
  keys: readonly KeyRecord[],
): Promise<NodeKeks> {
  const keks: KekInfo[] = [];
  for (const provider of providers) keks.push(await kekInfo(provider, keys));
  return { node: node.parts.directory.identity.name, keks };
}

async function kekInfo(provider: KekProvider, keys: readonly KeyRecord[]): Promise<KekInfo> {
  const { openedMsAgo, failure } = provider instanceof WatchedKek ? provider : {};
  try {
    const described = await provider.describe();
    const wrapped = keys.filter(({ container }) =>
      decodeWrappedDek(container).some(
        (slot) => slot.provider === described.provider && slot.keyRef === described.keyRef,
      ),
    ).length;
    return {
      ...described,
      keys: wrapped,
      missing: keys.length - wrapped,
      ...(openedMsAgo !== undefined && { openedMsAgo }),
      ...(failure !== undefined && { failure }),
    };
  } catch (error) {
    const nothing = { provider: 'unknown', keyRef: '', state: 'unknown', hardware: false } as const;
    return {
      ...nothing,
      postQuantum: false,
      keys: 0,
      missing: keys.length,
      failure: toCaissonError(error).code,
    };
  }
}
