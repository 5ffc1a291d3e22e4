import type { Gauge, Meter } from '@caisson/contracts';
import type { NodeEncryption } from '../node/node-encryption.js';

/** What monitoring is told of keys: ids, never bytes. */
export class KeyMetrics {
  readonly #node: NodeEncryption;
  readonly #active: Gauge | undefined;
  #isStopped = false;

  constructor(node: NodeEncryption, meter: Meter | undefined) {
    this.#node = node;
    this.#active = meter?.gauge({
      name: 'encryption_active_dek_id',
      help: 'Id of the data key under which is sealed; 0 before there is one.',
      labels: ['purpose'],
    });
    const name = 'encryption_sidecar_raft_index';
    const help = 'Index of the last key entry that the sidecar has recorded, over all groups.';
    meter?.gauge({ name, help }, () => {
      const groups = [...(node.keys.book.content?.groups.values() ?? [])];
      return Math.max(0, ...groups.map(({ raftAppliedIndex }) => raftAppliedIndex));
    });
  }

  /** Follows the keys of a group that is open. */
  follow(group: number): void {
    const { state } = this.#node.session(group);
    const { activeStorage, activeRaft } = state.current.keys;
    this.#active?.set(activeStorage, { purpose: 'storage' });
    this.#active?.set(activeRaft, { purpose: 'raft' });
    void state.changed().then(() => {
      if (!this.#isStopped) this.follow(group);
    });
  }

  stop(): void {
    this.#isStopped = true;
  }
}
