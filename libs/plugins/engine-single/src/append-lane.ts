import {
  CaissonError,
  type Clock,
  isCaissonError,
  type LogEntry,
  type ProposalSlot,
  type RaftLog,
} from '@caisson/contracts';
import type { Answers, NodeMetrics, PendingProposal, ProposalQueue } from '@caisson/node';
import type { LogCompaction } from './log-compaction.js';

export interface AppendLaneParts {
  readonly log: RaftLog;
  readonly term: number;
  readonly queue: ProposalQueue;
  readonly answers: Answers;
  readonly compaction: LogCompaction;
  readonly clock: Clock;
  readonly metrics: NodeMetrics;
  readonly limits: { readonly entries: number; readonly bytes: number };
  seal(at: ProposalSlot, payload: Uint8Array): Uint8Array;
  /** Receives entries that are durable, in order. */
  deliver(entries: readonly LogEntry[]): void;
  /** The log takes nothing any more; callers of the failed append were told. */
  onFailure(cause: unknown): void;
}

/**
 * The one writer of a group's log: appends and compactions, one at a time.
 *
 * Whatever was proposed while an append was under way is the next one: one append, one sync. Entries are
 * handed on as soon as they are durable, so that they are applied while the next append runs.
 */
export class AppendLane {
  readonly #parts: AppendLaneParts;
  #running: Promise<void> | undefined;
  #stopped = false;
  #durable: number;

  constructor(parts: AppendLaneParts) {
    this.#parts = parts;
    this.#durable = parts.log.last;
  }

  get durable(): number {
    return this.#durable;
  }

  /** The first entry was appended before anything could be proposed. */
  founded(): void {
    this.#durable = this.#parts.log.last;
  }

  /** There may be something to do. */
  kick(): void {
    if (this.#running === undefined && !this.#stopped) this.#running = this.#run();
  }

  /** Resolves once everything proposed before is durable or has failed. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Lets the append under way finish and starts no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  async #run(): Promise<void> {
    const { clock, compaction, queue } = this.#parts;
    // Callers of one turn of the loop share the first append as well.
    await clock.turn();
    try {
      while (!this.#stopped) {
        if (queue.waiting > 0) await this.#append(queue.take(this.#parts.limits));
        else if (compaction.due) await compaction.run();
        else break;
        if (compaction.due) await compaction.run();
      }
    } catch (cause) {
      this.#stopped = true;
      this.#parts.onFailure(cause);
    }
    this.#running = undefined;
  }

  async #append(proposals: readonly PendingProposal[]): Promise<void> {
    const { answers, compaction, deliver, log, metrics, queue } = this.#parts;
    const first = this.#durable + 1;
    try {
      const entries = this.#entries(proposals);
      if (entries.length === 0) return;
      await log.append({ entries });
      this.#durable += entries.length;
      for (const { data } of entries) compaction.appended(data.length);
      metrics.appended(entries.length, queue.bytes);
      deliver(entries);
    } catch (cause) {
      const unknown = new CaissonError('UNKNOWN_OUTCOME', { problem: 'the log append failed' }, { cause });
      metrics.proposed('failed', answers.failFrom(first, unknown));
      for (const proposal of proposals) proposal.fail(new CaissonError('DRAINING', {}, { cause }));
      throw cause;
    }
  }

  /** Gives proposals their places. One that cannot be sealed takes none and stops nobody else. */
  #entries(proposals: readonly PendingProposal[]): LogEntry[] {
    const { answers, seal, term } = this.#parts;
    const entries: LogEntry[] = [];
    for (const proposal of proposals) {
      const index = this.#durable + 1 + entries.length;
      try {
        const data = seal({ term, index, proposalId: proposal.proposalId }, proposal.payload);
        entries.push({ index, term, kind: 'normal', data });
        answers.expect(index, term, proposal);
      } catch (error) {
        if (!isCaissonError(error)) throw error;
        proposal.fail(error);
      }
    }
    return entries;
  }
}
