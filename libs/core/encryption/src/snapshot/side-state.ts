import { invariant } from '@caisson/base';
import type { IncomingState, Pair, StateProof, UntrustedStore } from '@caisson/contracts';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { readGroupState } from '../state/read-state.js';
import { beginSeals, recordKeys } from './adoption.js';
import { asInvalid, type JudgedState, judgeState } from './judged-state.js';
import type { SideStores } from './side-stores.js';

export interface SideStateParts {
  readonly node: NodeEncryption;
  readonly session: GroupSession;
  readonly sides: SideStores;
  readonly store: UntrustedStore;
  /** It is adopted, or gone. */
  onOver?(): void;
}

/** A state on its way in, in a store beside the one in use. */
export class SideState implements IncomingState {
  readonly #parts: SideStateParts;
  #judged: JudgedState | undefined;
  #isOver = false;
  /**
   * The last batch: it is written while the next one is gathered. Whoever comes next hears of its failure.
   */
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: SideStateParts) {
    this.#parts = parts;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    await this.#writing;
    return this.#parts.store.get(key);
  }

  async add(pairs: readonly Pair[]): Promise<void> {
    const batch = this.#parts.store.batch();
    for (const { key, value } of pairs) batch.put(key, value);
    await this.#writing;
    this.#writing = batch.write({ sync: false });
    this.#writing.catch(() => undefined);
  }

  async verify(proof: StateProof, signal?: AbortSignal): Promise<void> {
    const { node, session, store } = this.#parts;
    const { id } = session;
    await this.#writing;
    // The batches before it become durable with this one.
    await store.batch().write({ sync: true });
    try {
      const registry = node.registryOf(store);
      const state = await readGroupState(store, registry, node.keys.seals.fullNodeId);
      this.#judged = await judgeState(node, { id, store, state, registry }, proof, signal);
    } catch (error) {
      throw asInvalid(error, id);
    }
  }

  async adopt(): Promise<void> {
    const { node, session, sides, store } = this.#parts;
    invariant('ENC-8', this.#judged !== undefined && !this.#isOver, 'a state is adopted once it is verified');
    this.#isOver = true;
    await recordKeys(node.keys, this.#judged);
    // Before the state shows its keys: whoever sees them may seal under them at once.
    await beginSeals(node.keys, this.#judged);
    await store.close();
    await session.replaceStore(async () => {
      await sides.place();
      return node.parts.stores.open(sides.inUse, undefined, { isFresh: true });
    });
    this.#parts.onOver?.();
  }

  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const { sides, store } = this.#parts;
    this.#judged?.keystore.erase();
    await store.close();
    await sides.clear();
    this.#parts.onOver?.();
  }
}
