import type { Gauge, Meter, Sample } from '@caisson/contracts';
import { ENVELOPE_V1, ENVELOPE_V1_OVERHEAD, ENVELOPE_V2_OVERHEAD } from '@caisson/formats';
import type { NodeEncryption } from '../node/node-encryption.js';

/** What monitoring is told of keys: ids, never bytes. */
export class KeyMetrics {
  readonly #node: NodeEncryption;
  readonly #active: Gauge | undefined;
  readonly #groups = new Set<number>();
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
    this.#countUse(meter);
  }

  /** Follows the keys of a group that is open. */
  follow(group: number): void {
    const { state } = this.#node.session(group);
    this.#groups.add(group);
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

  #countUse(meter: Meter | undefined): void {
    const labels = ['key_id'];
    const writes =
      'Messages that this node sealed under a key, those of earlier processes as they were claimed.';
    meter?.gauge({ name: 'encryption_writes_per_dek', help: writes, labels }, () =>
      this.#node.keys.seals.usage.all.map(({ dekId, messages }) => sample(dekId, messages)),
    );
    const last = 'No log entry above this index is sealed under the key, as far as this node has seen.';
    const name = 'encryption_last_proposed_index_per_raft_dek';
    meter?.gauge({ name, help: last, labels }, () => this.#lastUses());
    const overhead = 'Bytes that sealing adds to a value in the envelope version that is written.';
    const { enabled, parts } = this.#node;
    const isOld = parts.config.envelopeVersion === ENVELOPE_V1;
    const added = isOld ? ENVELOPE_V1_OVERHEAD : ENVELOPE_V2_OVERHEAD;
    meter?.gauge({ name: 'encryption_value_overhead_bytes', help: overhead }, () => (enabled ? added : 0));
  }

  #lastUses(): readonly Sample[] {
    const last = new Map<number, number>();
    for (const group of this.#isStopped ? [] : this.#groups) {
      const session = this.#node.session(group);
      for (const { keyId, purpose } of session.state.current.keys.keys) {
        if (purpose !== 'raft') continue;
        last.set(keyId, Math.max(last.get(keyId) ?? 0, session.lastUse(keyId)));
      }
    }
    return [...last].map(([keyId, index]) => sample(keyId, index));
  }
}

function sample(keyId: number, value: number): Sample {
  return { labels: { key_id: String(keyId) }, value };
}
