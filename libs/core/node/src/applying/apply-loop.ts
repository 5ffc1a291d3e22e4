import { invariant } from '@caisson/base';
import type {
  ApplyOutcome,
  CaissonError,
  Faults,
  GroupEncryption,
  LogEntry,
  Logger,
  Store,
} from '@caisson/contracts';
import type { ApplyLimits } from '../limits.js';
import type { NodeMetrics } from '../metrics/node-metrics.js';
import type { Answers } from '../proposals/answers.js';
import { Fifo } from '../proposals/fifo.js';
import type { AppliedPosition } from '../reading/applied-position.js';
import type { WriterQueue } from '../writing/writer-queue.js';
import { type AppliedRows, putAppliedIndex, putRefusedCount } from './applied-rows.js';
import { ApplyRun } from './apply-run.js';
import { EntryOpener, type OpenedEntry } from './entry-opener.js';
import { haltAt } from './halt.js';
import type { OpenAppliers } from './open-appliers.js';

export interface ApplyLoopParts {
  readonly group: number;
  readonly store: Store;
  readonly encryption: Pick<GroupEncryption, 'openProposal'>;
  readonly appliers: OpenAppliers;
  /** Of the store as it was opened. */
  readonly rows: AppliedRows;
  readonly position: AppliedPosition;
  readonly writer: WriterQueue;
  readonly answers: Answers;
  readonly limits: ApplyLimits;
  readonly metrics: NodeMetrics;
  readonly faults: Faults;
  readonly logger: Logger;
  /** Called after each batch, once its effects are in the store. */
  onApplied?(): void;
  /** Called once, after waiting callers were told. */
  onHalt?(error: CaissonError): void;
}

/**
 * The one place where committed entries become state.
 *
 * Entries are applied in log order, one after the other; a run of ordinary ones shares a batch. The applied
 * index is in the batch of the effects it stands for, so whatever a crash leaves is a state between two
 * batches, and replay from there repeats nothing. An entry that cannot be applied stops the loop for good:
 * the index stays before it, nothing behind it is looked at, and only a restart tries again.
 */
export class ApplyLoop {
  readonly #parts: ApplyLoopParts;
  readonly #opener: EntryOpener;
  readonly #pending = new Fifo<LogEntry>();
  #committed: number;
  #refused: number;
  #halted: CaissonError | undefined;
  #stopped = false;
  #working: Promise<void> | undefined;

  constructor(parts: ApplyLoopParts) {
    this.#parts = parts;
    this.#opener = new EntryOpener(parts.encryption, parts.appliers);
    this.#committed = parts.rows.applied;
    this.#refused = parts.rows.refused;
  }

  get applied(): number {
    return this.#parts.position.value;
  }

  get refused(): number {
    return this.#refused;
  }

  get halted(): CaissonError | undefined {
    return this.#halted;
  }

  /**
   * Takes over entries that are durable and committed. Those at or below what was taken over before, or
   * applied before the start, are skipped: replay may begin anywhere below.
   */
  commit(entries: readonly LogEntry[]): void {
    if (!this.#active) return;
    for (const entry of entries) {
      if (entry.index <= this.#committed) continue;
      invariant('NODE-1', entry.index === this.#committed + 1, 'committed entries leave a hole');
      this.#committed = entry.index;
      this.#pending.push(entry);
    }
    this.#wake();
  }

  /** Resolves once nothing that was committed is left to apply, or nothing will be any more. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Finishes the batch in hand and applies nothing after it. What waits stays in the log. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  /** Stops at the entry after the applied one, for a store that cannot be written any more. */
  fail(cause: unknown): void {
    this.#haltAt(this.#pending.peek() ?? { index: this.applied + 1, term: 0 }, cause);
  }

  get #active(): boolean {
    return this.#halted === undefined && !this.#stopped;
  }

  #wake(): void {
    if (this.#working !== undefined || this.#pending.length === 0) return;
    this.#working = this.#work();
  }

  async #work(): Promise<void> {
    while (this.#active && this.#pending.length > 0) await this.#parts.writer.run(() => this.#applyRun());
    this.#working = undefined;
  }

  async #applyRun(): Promise<void> {
    if (!this.#active) return;
    const run = new ApplyRun(this.#parts.store.batch(), this.#parts.limits);
    const failure = await this.#fill(run);
    // What earlier entries of the run did stands, unless the failing one left something among it.
    if (run.entries > 0 && (failure === undefined || run.clean)) await this.#write(run);
    if (failure !== undefined) this.#haltAt(failure.entry, failure.cause);
  }

  /**
   * Applies entries into the run until it ends; answers which entry stopped it, if one must stop everything.
   */
  async #fill(run: ApplyRun): Promise<{ readonly entry: LogEntry; readonly cause: unknown } | undefined> {
    for (let entry = this.#pending.peek(); entry !== undefined && !run.full; entry = this.#pending.peek()) {
      run.begin();
      try {
        const opened = this.#opener.open(entry);
        if (opened.alone && run.entries > 0) return undefined;
        await this.#apply(run, entry, opened);
        this.#pending.shift();
        if (opened.alone) return undefined;
      } catch (cause) {
        return { entry, cause };
      }
    }
    return undefined;
  }

  async #apply(run: ApplyRun, entry: LogEntry, opened: OpenedEntry): Promise<void> {
    const answer = this.#outcome(run, entry, opened);
    const outcome = answer === undefined || 'kind' in answer ? answer : await answer;
    run.accept(entry, outcome);
    if (outcome === undefined || !this.#parts.answers.waits(entry.index)) return;
    run.answers.push({ index: entry.index, term: entry.term, proposalId: opened.proposalId, outcome });
  }

  #outcome(
    run: ApplyRun,
    { index, term }: LogEntry,
    opened: OpenedEntry,
  ): Promise<ApplyOutcome> | ApplyOutcome | undefined {
    if (opened.kind === 'empty') return undefined;
    if (opened.kind === 'refused') return { kind: 'refused', error: opened.error };
    const { proposalId, payload } = opened;
    return opened.applier.apply({ group: this.#parts.group, index, term, proposalId, payload }, run.batch);
  }

  async #write(run: ApplyRun): Promise<void> {
    const { answers, appliers, metrics, position } = this.#parts;
    const refused = this.#refused + run.refused;
    try {
      putAppliedIndex(run.batch, run.last);
      if (run.refused > 0) putRefusedCount(run.batch, refused);
      await run.batch.write({ sync: run.sync });
    } catch (cause) {
      this.#haltAt(run.first!, cause);
      return;
    }
    this.#refused = refused;
    position.advance(run.last);
    try {
      appliers.written();
    } catch (cause) {
      this.#haltAt({ index: run.last, term: 0 }, cause);
      return;
    }
    for (const answer of run.answers) answers.settle(answer);
    metrics.applied(run.entries, run.last);
    metrics.answered(run.answers);
    this.#parts.onApplied?.();
  }

  #haltAt({ index, term }: { readonly index: number; readonly term: number }, cause: unknown): void {
    if (this.#halted !== undefined) return;
    const { answers, faults, group, logger, metrics, onHalt, position } = this.#parts;
    const error = haltAt({ group, index, term }, cause);
    this.#halted = error;
    this.#pending.clear();
    logger.log('error', 'apply halted', { group, index, term, error });
    metrics.proposed('failed', answers.failAll(error));
    position.fail(error);
    onHalt?.(error);
    faults.fatal(error);
  }
}
