import type { Labels, Meter } from '@caisson/contracts';
import { ConsensusMetrics } from '../consensus/consensus-metrics.js';
import { NodeMetrics } from './node-metrics.js';

describe('NodeMetrics', () => {
  it('counts proposals by what became of them, and what entries cost a batch', () => {
    const seen: string[] = [];
    const note =
      (name: string) =>
      (value: number, labels?: Labels): void =>
        void seen.push(`${name} ${value} ${Object.values(labels ?? {}).join()}`);
    const meter: Meter = {
      counter: ({ name }) => ({ add: note(name) }),
      gauge: ({ name }) => ({ set: note(name) }),
      histogram: ({ name }) => ({ record: note(name) }),
    };
    const metrics = new NodeMetrics(meter, 7);
    const applied = { outcome: { kind: 'applied', result: new Uint8Array() } } as const;
    metrics.answered([applied, applied, { outcome: { kind: 'refused', error: undefined as never } }]);
    metrics.proposed('failed', 0);
    metrics.proposed('rejected');
    metrics.applied(3, 12);
    metrics.appended(2, 900);
    expect(seen).toEqual([
      'proposals_total 1 7,refused',
      'proposals_total 2 7,applied',
      'proposals_total 1 7,rejected',
      'apply_entries_total 3 7',
      'apply_batch_entries 3 7',
      'applied_index 12 7',
      'append_batch_entries 2 7',
      'proposal_queue_bytes 900 7',
    ]);
  });

  it('does nothing without a meter', () => {
    const metrics = new NodeMetrics(undefined, 1);
    expect(() => metrics.applied(1, 1)).not.toThrow();
  });
});

describe('ConsensusMetrics', () => {
  it('tells who leads, and what became of snapshots', () => {
    const seen: string[] = [];
    const note =
      (name: string) =>
      (value: number, labels?: Labels): void =>
        void seen.push(`${name} ${value} ${Object.values(labels ?? {}).join()}`);
    const meter: Meter = {
      counter: ({ name }) => ({ add: note(name) }),
      gauge: ({ name }) => ({ set: note(name) }),
      histogram: ({ name }) => ({ record: note(name) }),
    };
    const metrics = new ConsensusMetrics(meter, 3);
    metrics.leader(5, true);
    metrics.leaderChanged();
    metrics.snapshotSent('failed');
    metrics.snapshotInstalled();
    metrics.retained(77);
    expect(seen).toEqual([
      'raft_term 5 3',
      'raft_leads 1 3',
      'raft_leader_changes_total 1 3',
      'snapshots_sent_total 1 3,failed',
      'snapshots_installed_total 1 3',
      'log_retained_bytes 77 3',
    ]);
  });
});
