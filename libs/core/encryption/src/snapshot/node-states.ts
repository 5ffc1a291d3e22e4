import type { IncomingState, StoredStates, StoredView } from '@caisson/contracts';
import type { NodeEncryption } from '../node/node-encryption.js';
import { readGroupState } from '../state/read-state.js';
import { recordKeys } from './adoption.js';
import { GroupView } from './group-view.js';
import { judgeState } from './judged-state.js';
import { SideState } from './side-state.js';
import { SideStores } from './side-stores.js';

/** The stored side of a node's groups. Lives here because nothing else sees untrusted stores. */
export class NodeStates implements StoredStates {
  readonly #node: NodeEncryption;

  constructor(node: NodeEncryption) {
    this.#node = node;
  }

  view(group: number, purpose?: 'snapshot' | 'backup'): StoredView {
    const { parts, keys } = this.#node;
    const session = this.#node.session(group);
    const view = session.storedView();
    return new GroupView({
      group,
      view,
      ...(purpose && { onClosed: session.leases.begin(purpose, view) }),
      hashes: parts.hashes,
      keystore: keys.keystore,
      clusterId: parts.directory.identity.clusterId,
    });
  }

  async receive(group: number): Promise<IncomingState> {
    const sides = this.#sides(group);
    const session = this.#node.session(group);
    const store = await sides.openIncoming();
    const onOver = session.leases.begin('incoming');
    return new SideState({ node: this.#node, session, sides, store, onOver });
  }

  async finish(group: number, signal?: AbortSignal): Promise<void> {
    const { parts, keys } = this.#node;
    const sides = this.#sides(group);
    if (await parts.stores.exists(sides.incoming)) {
      const store = await parts.stores.open(sides.incoming, signal);
      try {
        const registry = this.#node.registryOf(store);
        const state = await readGroupState(store, registry, keys.seals.fullNodeId);
        const opened = { id: group, store, state, registry };
        await recordKeys(keys, await judgeState(this.#node, opened, undefined, signal));
      } finally {
        await store.close();
      }
    }
    await sides.place();
  }

  clear(group: number): Promise<void> {
    return this.#sides(group).clear();
  }

  #sides(group: number): SideStores {
    const { stores, directory } = this.#node.parts;
    return new SideStores(stores, directory.group(group).store);
  }
}
