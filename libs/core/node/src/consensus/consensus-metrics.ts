import type { Counter, Gauge, Labels, Meter } from '@caisson/contracts';

/** The instruments of one group that have to do with other nodes. Without a meter every call does nothing. */
export class ConsensusMetrics {
  readonly #group: Labels;
  readonly #term: Gauge | undefined;
  readonly #leads: Gauge | undefined;
  readonly #changes: Counter | undefined;
  readonly #sent: Counter | undefined;
  readonly #installed: Counter | undefined;
  readonly #logBytes: Gauge | undefined;

  constructor(meter: Meter | undefined, group: number) {
    this.#group = Object.freeze({ group: String(group) });
    const labels = ['group'];
    this.#term = meter?.gauge({ name: 'raft_term', help: 'Term of the group, as this node knows.', labels });
    this.#leads = meter?.gauge({ name: 'raft_leads', help: '1 while this node leads the group.', labels });
    this.#changes = meter?.counter({
      name: 'raft_leader_changes_total',
      help: 'How often another leader, or none, was seen.',
      labels,
    });
    this.#sent = meter?.counter({
      name: 'snapshots_sent_total',
      help: 'Snapshots sent to members, by how that ended.',
      labels: ['group', 'result'],
    });
    this.#installed = meter?.counter({
      name: 'snapshots_installed_total',
      help: 'Snapshots that took the place of the state here.',
      labels,
    });
    this.#logBytes = meter?.gauge({
      name: 'log_retained_bytes',
      help: 'Bytes of entries that the log holds, on disk and in memory.',
      labels,
    });
  }

  leader(term: number, leads: boolean): void {
    this.#term?.set(term, this.#group);
    this.#leads?.set(leads ? 1 : 0, this.#group);
  }

  leaderChanged(): void {
    this.#changes?.add(1, this.#group);
  }

  snapshotSent(result: 'finished' | 'failed'): void {
    this.#sent?.add(1, { ...this.#group, result });
  }

  snapshotInstalled(): void {
    this.#installed?.add(1, this.#group);
  }

  retained(bytes: number): void {
    this.#logBytes?.set(bytes, this.#group);
  }
}
