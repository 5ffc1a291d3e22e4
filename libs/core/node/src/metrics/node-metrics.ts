import type { ApplyOutcome, Counter, Gauge, Histogram, Labels, Meter } from '@caisson/contracts';

/**
 * What became of a proposal: `refused` by apply, `rejected` before it entered the log, `failed` without an
 * answer.
 */
export type ProposalResult = 'applied' | 'refused' | 'rejected' | 'failed';

const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** The instruments of one group. Without a meter every call does nothing. */
export class NodeMetrics {
  readonly #group: Labels;
  readonly #results: Readonly<Record<ProposalResult, Labels>>;
  readonly #proposals: Counter | undefined;
  readonly #applyEntries: Counter | undefined;
  readonly #applyBatch: Histogram | undefined;
  readonly #appendBatch: Histogram | undefined;
  readonly #queueBytes: Gauge | undefined;
  readonly #appliedIndex: Gauge | undefined;

  constructor(meter: Meter | undefined, group: number) {
    const label = String(group);
    const result = (name: ProposalResult): Labels => Object.freeze({ group: label, result: name });
    this.#group = Object.freeze({ group: label });
    this.#results = {
      applied: result('applied'),
      refused: result('refused'),
      rejected: result('rejected'),
      failed: result('failed'),
    };
    const labels = ['group'];
    this.#proposals = meter?.counter({
      name: 'proposals_total',
      help: 'Proposals by what became of them.',
      labels: ['group', 'result'],
    });
    this.#applyEntries = meter?.counter({
      name: 'apply_entries_total',
      help: 'Log entries applied.',
      labels,
    });
    this.#applyBatch = meter?.histogram({
      name: 'apply_batch_entries',
      help: 'Log entries that shared one store batch.',
      labels,
      buckets: BATCH_BUCKETS,
    });
    this.#appendBatch = meter?.histogram({
      name: 'append_batch_entries',
      help: 'Proposals that shared one synced log append.',
      labels,
      buckets: BATCH_BUCKETS,
    });
    this.#queueBytes = meter?.gauge({
      name: 'proposal_queue_bytes',
      help: 'Payload bytes of proposals without an answer.',
      labels,
    });
    this.#appliedIndex = meter?.gauge({
      name: 'applied_index',
      help: 'Index of the last applied entry.',
      labels,
    });
  }

  proposed(result: ProposalResult, count = 1): void {
    if (count > 0) this.#proposals?.add(count, this.#results[result]);
  }

  /** The proposals of this node among the entries of a batch. */
  answered(answers: readonly { readonly outcome: ApplyOutcome }[]): void {
    let refused = 0;
    for (const { outcome } of answers) if (outcome.kind === 'refused') refused++;
    this.proposed('refused', refused);
    this.proposed('applied', answers.length - refused);
  }

  appended(entries: number, queueBytes: number): void {
    this.#appendBatch?.record(entries, this.#group);
    this.queued(queueBytes);
  }

  /** Said when proposals enter and when they are answered, so that an idle queue shows as empty. */
  queued(bytes: number): void {
    this.#queueBytes?.set(bytes, this.#group);
  }

  applied(entries: number, index: number): void {
    this.#applyEntries?.add(entries, this.#group);
    this.#applyBatch?.record(entries, this.#group);
    this.#appliedIndex?.set(index, this.#group);
  }

  /** The state right after the start, so that a scrape before the first write sees it. */
  opened(index: number): void {
    this.#appliedIndex?.set(index, this.#group);
    this.queued(0);
  }
}
