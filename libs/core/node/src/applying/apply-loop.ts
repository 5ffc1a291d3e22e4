import { EMPTY_BYTES, invariant } from '@caisson/base';
import {
  type ApplyOutcome,
  CaissonError,
  type Faults,
  type GroupEncryption,
  isCaissonError,
  type LogEntry,
  type Logger,
  type Store,
} from '@caisson/contracts';
import type { ApplyLimits } from '../limits.js';
import type { NodeMetrics } from '../metrics/node-metrics.js';
import type { Answer, Answers } from '../proposals/answers.js';
import { Fifo } from '../proposals/fifo.js';
import type { AppliedPosition } from '../reading/applied-position.js';
import type { WriterQueue } from '../writing/writer-queue.js';
import { type AppliedRows, putAppliedIndex, putRefusedCount } from './applied-rows.js';
import { ApplyRun } from './apply-run.js';
import { EntryOpener, type OpenedEntry } from './entry-opener.js';
import { haltAt } from './halt.js';
import type { MembershipApplier } from './membership-applier.js';
import type { OpenAppliers } from './open-appliers.js';

const MEMBERSHIP_APPLIED: ApplyOutcome = Object.freeze({ kind: 'applied', result: EMPTY_BYTES, sync: true });

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
  /** Without it a change of membership halts the group. */
  readonly membership?: MembershipApplier;
  /** Called after each batch, once its effects are in the store. */
  onApplied?(): void;
  /** Awaited after the batch of an entry that is applied alone, before the next entry is looked at. */
  afterAlone?(): Promise<void>;
  /** Called once, after waiting callers were told. */
  onHalt?(error: CaissonError): void;
}

/** What a store that was replaced brings along. */
export interface ReplacedState {
  readonly rows: AppliedRows;
  readonly appliers: OpenAppliers;
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
  #opener: EntryOpener;
  #appliers: OpenAppliers;
  readonly #pending = new Fifo<LogEntry>();
  #committed: number;
  #refused: number;
  #halted: CaissonError | undefined;
  #stopped = false;
  #working: Promise<void> | undefined;

  constructor(parts: ApplyLoopParts) {
    this.#parts = parts;
    this.#appliers = parts.appliers;
    this.#opener = this.#newOpener();
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

  /**
   * Lets a snapshot take the place of everything applied, between two batches. What was taken over and not
   * applied is dropped: the snapshot stands for it. A failure is thrown and nothing is applied any more.
   */
  async replace(swap: () => Promise<ReplacedState>): Promise<void> {
    await this.#parts.writer.run(async () => {
      this.#pending.clear();
      const { rows, appliers } = await swap();
      invariant('NODE-3', rows.applied >= this.applied, 'a snapshot led back');
      this.#appliers = appliers;
      this.#opener = this.#newOpener();
      this.#committed = rows.applied;
      this.#refused = rows.refused;
      this.#parts.position.advance(rows.applied);
    });
    this.#parts.onApplied?.();
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

  #newOpener(): EntryOpener {
    const { encryption, membership } = this.#parts;
    return new EntryOpener({
      encryption,
      appliers: this.#appliers,
      takesMembership: membership !== undefined,
    });
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
    if (failure === undefined) return;
    if (isCaissonError(failure.cause, 'DRAINING')) this.#leaveAt(failure.cause);
    else this.#haltAt(failure.entry, failure.cause);
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
        run.alone = opened.alone;
        if (!(await this.#apply(run, entry, opened))) return undefined;
        this.#pending.shift();
        if (opened.alone) return undefined;
      } catch (cause) {
        return { entry, cause };
      }
    }
    return undefined;
  }

  /** False for an entry that a snapshot has overtaken: it brings that one and all that wait behind it. */
  async #apply(run: ApplyRun, entry: LogEntry, opened: OpenedEntry): Promise<boolean> {
    const { answers, membership } = this.#parts;
    if (opened.kind === 'membership') {
      const applied = membership!.apply(entry, run.batch);
      if (applied === 'overtaken') this.#pending.clear();
      else this.#accept(run, entry, { proposalId: applied.proposalId, outcome: MEMBERSHIP_APPLIED });
      return applied !== 'overtaken';
    }
    const { proposalId } = opened;
    const answer = this.#outcome(run, entry, opened);
    const outcome = answer === undefined || 'kind' in answer ? answer : await answer;
    if (outcome === undefined) {
      run.accept(entry, outcome);
      answers.replaced(entry.index);
    } else {
      this.#accept(run, entry, { proposalId, outcome });
    }
    return true;
  }

  #accept(run: ApplyRun, entry: LogEntry, result: Pick<Answer, 'proposalId' | 'outcome'>): void {
    run.accept(entry, result.outcome);
    if (!this.#parts.answers.waits(entry.index)) return;
    run.answers.push({ index: entry.index, term: entry.term, ...result });
  }

  #outcome(
    run: ApplyRun,
    { index, term }: LogEntry,
    opened: Exclude<OpenedEntry, { kind: 'membership' }>,
  ): Promise<ApplyOutcome> | ApplyOutcome | undefined {
    if (opened.kind === 'empty') return undefined;
    if (opened.kind === 'refused') return { kind: 'refused', error: opened.error };
    const { proposalId, payload } = opened;
    return opened.applier.apply({ group: this.#parts.group, index, term, proposalId, payload }, run.batch);
  }

  async #write(run: ApplyRun): Promise<void> {
    const { afterAlone, answers, metrics, position } = this.#parts;
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
      this.#appliers.written();
      if (run.alone) await afterAlone?.();
    } catch (cause) {
      this.#haltAt({ index: run.last, term: 0 }, cause);
      return;
    }
    for (const answer of run.answers) answers.settle(answer);
    metrics.applied(run.entries, run.last);
    metrics.answered(run.answers);
    this.#parts.onApplied?.();
  }

  /** What the entry waited for was called off because the node stops: the next start applies it. */
  #leaveAt(error: CaissonError): void {
    const { answers, metrics, position } = this.#parts;
    this.#stopped = true;
    const problem = 'the node stopped before it was applied';
    metrics.proposed('failed', answers.failAll(new CaissonError('UNKNOWN_OUTCOME', { problem })));
    position.fail(error);
  }

  #haltAt({ index, term }: { readonly index: number; readonly term: number }, cause: unknown): void {
    if (this.#halted !== undefined) return;
    const { answers, faults, group, logger, metrics, onHalt, position } = this.#parts;
    const error = haltAt({ group, index, term }, cause);
    this.#halted = error;
    this.#pending.clear();
    logger.log('error', 'apply halted', { index, term, error });
    metrics.proposed('failed', answers.failAll(error));
    position.fail(error);
    onHalt?.(error);
    faults.fatal(error);
  }
}
