import { invariant } from '@caisson/base';
import type { RaftLog } from '@caisson/contracts';
import type { Entry, HardState, Message, Snapshot } from '@caisson/raft';
import { toCoreHardState, toLogEntry, toLogHardState } from './core-entries.js';
import type { LogCache } from './log-cache.js';

/** Work on the log between appends. */
export interface LogChore {
  readonly due: boolean;
  /** `record` makes the commit index durable as far as it is known. */
  run(record: () => Promise<void>): Promise<void>;
}

export interface AppendThreadParts {
  readonly log: RaftLog;
  readonly cache: LogCache;
  /** How much one append takes, unless a single Ready brings more. */
  readonly limits: { readonly entries: number; readonly bytes: number };
  readonly chore: LogChore;
  /** Entries of `term` from `first` on are about to replace what the log may hold there. */
  onEntries(first: number, term: number): void;
  onAppended(entries: number): void;
  /** Puts a snapshot in the place of store and log; both are durable when it resolves. */
  install(snapshot: Snapshot, hardState: HardState): Promise<void>;
  /** What was promised may be said, in this order. */
  deliver(responses: readonly Message[]): void;
  /** The log takes nothing any more. */
  onFailure(cause: unknown): void;
}

/**
 * The one writer of a group's log.
 *
 * One append at a time; whatever the core asks for meanwhile is the next one, with one sync. What the core
 * wants said about an append is said when it is durable, and never in another order than it was asked for.
 */
export class AppendThread {
  readonly #parts: AppendThreadParts;
  #work: Message[] = [];
  /** What the core wants remembered, and what the log remembers. They differ by the commit index at most. */
  #latest: HardState;
  #recorded: HardState;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: AppendThreadParts) {
    this.#parts = parts;
    this.#latest = this.#recorded = toCoreHardState(parts.log.hardState);
  }

  /** Index of the last entry that is durable. */
  get durable(): number {
    return this.#parts.cache.lastIndex();
  }

  push(work: Message): void {
    this.#parts.onEntries(work.entries[0]?.index ?? Infinity, work.entries[0]?.term ?? 0);
    this.#work.push(work);
  }

  /** There may be something to do. */
  kick(): void {
    if (this.#running !== undefined || this.#isStopped) return;
    if (this.#work.length > 0 || this.#parts.chore.due) this.#running = this.#run();
  }

  /** Resolves once everything that was asked for is durable, or nothing is any more. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Lets the append under way finish and starts no other; the commit index is kept for the next start. */
  async stop(): Promise<void> {
    const hasFailed = this.#isStopped;
    this.#isStopped = true;
    await this.idle();
    if (!hasFailed) await this.#record();
  }

  async #run(): Promise<void> {
    const { chore, onFailure } = this.#parts;
    try {
      while (!this.#isStopped) {
        if (this.#work.length > 0) await this.#next();
        else if (!chore.due) break;
        if (chore.due && !this.#isStopped) await chore.run(() => this.#record());
      }
    } catch (cause) {
      this.#isStopped = true;
      onFailure(cause);
    }
    this.#running = undefined;
  }

  async #next(): Promise<void> {
    const [first] = this.#work;
    if (first?.snapshot !== undefined) await this.#installFirst(first, first.snapshot);
    const taken = this.#take();
    const isPromise = this.#keepInMind(taken);
    const entries = merged(taken);
    if (entries.length > 0 || isPromise) await this.#append(entries);
    for (const { responses } of taken) if (responses.length > 0) this.#parts.deliver(responses);
  }

  /** Leaves what follows the snapshot in the same piece of work to be appended. */
  async #installFirst(work: Message, snapshot: Snapshot): Promise<void> {
    this.#keepInMind([work]);
    const commit = Math.max(this.#latest.commit, snapshot.index);
    await this.#parts.install(snapshot, { ...this.#latest, commit });
    this.#recorded = toCoreHardState(this.#parts.log.hardState);
    this.#latest = { ...this.#latest, commit };
    this.#work[0] = { ...work, snapshot: undefined };
  }

  /** The pieces of the next append: within the limits, and up to the next snapshot. */
  #take(): readonly Message[] {
    const { limits } = this.#parts;
    let entries = 0;
    let bytes = 0;
    let count = 0;
    for (const work of this.#work) {
      entries += work.entries.length;
      for (const { data } of work.entries) bytes += data.length;
      const isTooMuch = entries > limits.entries || bytes > limits.bytes;
      if (count > 0 && (isTooMuch || work.snapshot !== undefined)) break;
      count++;
    }
    return this.#work.splice(0, count);
  }

  /** Whether term or vote changed, which must not be forgotten before anything is said. */
  #keepInMind(works: readonly Message[]): boolean {
    for (const { term, vote, commit } of works) if (term > 0) this.#latest = { term, vote, commit };
    return this.#latest.term !== this.#recorded.term || this.#latest.vote !== this.#recorded.vote;
  }

  async #append(entries: readonly Entry[]): Promise<void> {
    const { cache, log, onAppended } = this.#parts;
    const hardState = this.#latest;
    invariant('NODE-5', hardState.commit <= lastOf(entries, cache.lastIndex()), 'a commit index without log');
    await log.append({ entries: entries.map(toLogEntry), hardState: toLogHardState(hardState) });
    this.#recorded = hardState;
    cache.append(entries);
    if (entries.length > 0) onAppended(entries.length);
  }

  /** Makes the commit index durable, if only that is not. */
  async #record(): Promise<void> {
    if (this.#latest.commit <= this.#recorded.commit || this.#latest.term !== this.#recorded.term) return;
    const commit = Math.min(this.#latest.commit, this.#parts.cache.lastIndex());
    const hardState = { ...this.#recorded, commit };
    await this.#parts.log.append({ entries: [], hardState: toLogHardState(hardState) });
    this.#recorded = hardState;
  }
}

/** One run of entries: a later one replaces what earlier ones put in its place. */
function merged(works: readonly Message[]): readonly Entry[] {
  const filled = works.filter(({ entries }) => entries.length > 0);
  if (filled.length < 2) return filled[0]?.entries ?? [];
  const entries: Entry[] = [];
  for (const work of filled) {
    const first = entries[0]?.index ?? work.entries[0]!.index;
    const kept = work.entries[0]!.index - first;
    if (kept < 0) entries.length = 0;
    else entries.length = Math.min(entries.length, kept);
    entries.push(...work.entries);
  }
  return entries;
}

const lastOf = (entries: readonly Entry[], before: number): number => entries.at(-1)?.index ?? before;
