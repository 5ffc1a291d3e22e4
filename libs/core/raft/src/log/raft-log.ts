import { invariant } from '@caisson/base';
import { encodedSizes, type Entry, type EntryId, limitSize } from '../message/entry.js';
import type { LogSink } from '../message/log-sink.js';
import type { Snapshot } from '../message/state.js';
import { isGap, type LogGap, type LogStorage } from './storage.js';
import { Unstable } from './unstable.js';

export interface RaftLogOptions {
  readonly storage: LogStorage;
  readonly sink: LogSink;
  /** Encoded bytes of committed entries that may be with the application at once. */
  readonly applyingSizeMax: number;
}

/**
 * The whole log: what storage holds, then the unstable tail.
 *
 * Three positions in it move forward independently, applied ≤ applying ≤ committed (RAFT-9): `committed` is
 * what a quorum has, `applying` what the application was given, `applied` what it reported done.
 */
export class RaftLog {
  readonly unstable: Unstable;
  readonly #storage: LogStorage;
  readonly #sink: LogSink;
  readonly #applyingSizeMax: number;
  #committed: number;
  #applying: number;
  #applied: number;
  #applyingSize = 0;
  #isApplyingPaused = false;

  constructor({ storage, sink, applyingSizeMax }: RaftLogOptions) {
    this.#storage = storage;
    this.#sink = sink;
    this.#applyingSizeMax = applyingSizeMax;
    this.unstable = new Unstable(storage.lastIndex() + 1, sink);
    this.#committed = this.#applying = this.#applied = storage.firstIndex() - 1;
  }

  get committed(): number {
    return this.#committed;
  }

  get applying(): number {
    return this.#applying;
  }

  get applied(): number {
    return this.#applied;
  }

  firstIndex(): number {
    return this.unstable.firstIndex() ?? this.#storage.firstIndex();
  }

  lastIndex(): number {
    return this.unstable.lastIndex() ?? this.#storage.lastIndex();
  }

  lastId(): EntryId {
    const index = this.lastIndex();
    const term = this.term(index);
    invariant('RAFT-7', !isGap(term), 'the last entry has no term');
    return { index, term };
  }

  term(index: number): number | LogGap {
    const term = this.unstable.term(index);
    if (term !== undefined) return term;
    if (index + 1 < this.firstIndex()) return 'compacted';
    if (index > this.lastIndex()) return 'unavailable';
    return this.#storage.term(index);
  }

  /** For messages to people: 0 where there is no term to tell. */
  termOrZero(index: number): number {
    const term = this.term(index);
    return isGap(term) ? 0 : term;
  }

  matches({ index, term }: EntryId): boolean {
    return this.term(index) === term;
  }

  /** Whether a log ending in `candidate` is at least as complete as this one. */
  isUpToDate(candidate: EntryId): boolean {
    const last = this.lastId();
    return candidate.term > last.term || (candidate.term === last.term && candidate.index >= last.index);
  }

  snapshot(): Snapshot | undefined {
    return this.unstable.snapshot ?? this.#storage.snapshot();
  }

  /** Everything from `low` on, within `sizeMax`. */
  entriesFrom(low: number, sizeMax: number): readonly Entry[] | LogGap {
    return low > this.lastIndex() ? [] : this.slice(low, this.lastIndex() + 1, sizeMax);
  }

  /** Entries from `low` up to but without `high`, cut at `sizeMax` but never to nothing. */
  slice(low: number, high: number, sizeMax: number): readonly Entry[] | LogGap {
    invariant('RAFT-7', low <= high && high <= this.lastIndex() + 1, 'a slice beyond the end of the log');
    if (low < this.firstIndex()) return 'compacted';
    if (low === high) return [];
    const { offset } = this.unstable;
    if (low >= offset) return limitSize(this.unstable.slice(low, high), sizeMax);
    const cut = Math.min(high, offset);
    const stable = this.#storage.entries(low, cut, sizeMax);
    if (isGap(stable)) {
      invariant('RAFT-7', stable === 'compacted', 'storage misses entries it confirmed');
      return stable;
    }
    // Storage stopped early, so what follows would leave a hole.
    if (high <= offset || stable.length < cut - low) return stable;
    const size = encodedSizes(stable);
    if (size >= sizeMax) return stable;
    const rest = limitSize(this.unstable.slice(offset, high), sizeMax - size);
    if (rest.length === 1 && size + encodedSizes(rest) > sizeMax) return stable;
    return [...stable, ...rest];
  }

  /** Appends what a leader wrote. Never touches what is committed. */
  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    invariant('RAFT-10', entries[0]!.index > this.#committed, 'an append below the commit index');
    this.unstable.truncateAndAppend(entries);
  }

  /**
   * Takes over entries that follow `previous`, and as much of the leader's commit index as they vouch for.
   * Answers the index of the last one, or undefined if the log does not contain `previous`.
   */
  maybeAppend(previous: EntryId, entries: readonly Entry[], leaderCommit: number): number | undefined {
    if (!this.matches(previous)) return undefined;
    const last = previous.index + entries.length;
    const conflict = this.findConflict(entries);
    if (conflict !== undefined) {
      invariant('RAFT-10', conflict > this.#committed, 'an entry that conflicts with a committed one');
      this.append(entries.slice(conflict - previous.index - 1));
    }
    // Beyond `last` the log may hold what another leader wrote and nobody committed.
    this.commitTo(Math.min(leaderCommit, last));
    return last;
  }

  /** Index of the first entry that is not here already; entries that are must not be written again. */
  findConflict(entries: readonly Entry[]): number | undefined {
    const conflict = entries.find((entry) => !this.matches(entry));
    if (conflict !== undefined && conflict.index <= this.lastIndex()) {
      const terms = `existing term: ${this.termOrZero(conflict.index)}, conflicting term: ${conflict.term}`;
      this.#sink('info', `found conflict at index ${conflict.index} [${terms}]`);
    }
    return conflict?.index;
  }

  /**
   * The last position at or before `index` whose term is not above `term`: where a log that has `term` at
   * `index` can still agree with this one. Term 0 if that lies outside what is known.
   */
  findConflictByTerm(index: number, term: number): EntryId {
    for (let at = index; at > 0; at--) {
      const own = this.term(at);
      if (isGap(own)) return { index: at, term: 0 };
      if (own <= term) return { index: at, term: own };
    }
    return { index: 0, term: 0 };
  }

  commitTo(index: number): void {
    if (index <= this.#committed) return;
    invariant(
      'RAFT-11',
      index <= this.lastIndex(),
      'the commit index passed the end of the log: it was truncated',
    );
    this.#committed = index;
  }

  /** Commits what a quorum has, if it ends in an entry of the leader's own `term`. */
  maybeCommit({ index, term }: EntryId): boolean {
    // An entry of an older term on a quorum can still be overwritten; one of ours makes it final.
    if (index <= this.#committed || index === Infinity || !this.matches({ index, term })) return false;
    this.commitTo(index);
    return true;
  }

  hasUnstableEntries(): boolean {
    return this.unstable.entries.length > 0;
  }

  hasUnstableSnapshot(): boolean {
    return this.unstable.snapshot !== undefined;
  }

  /**
   * The next page for the application. Entries that storage has not confirmed are included only if
   * `allowUnstable`: an application must not know what this node could still forget.
   */
  nextCommitted({ allowUnstable }: { allowUnstable: boolean }): readonly Entry[] {
    if (this.#isApplyingPaused || this.hasUnstableSnapshot()) return [];
    const low = this.#applying + 1;
    const high = this.#appliableTo(allowUnstable) + 1;
    if (low >= high) return [];
    const page = this.slice(low, high, this.#applyingSizeMax - this.#applyingSize);
    invariant('RAFT-7', !isGap(page), 'committed entries are missing');
    return page;
  }

  hasNextCommitted({ allowUnstable }: { allowUnstable: boolean }): boolean {
    if (this.#isApplyingPaused || this.hasUnstableSnapshot()) return false;
    return this.#applying < this.#appliableTo(allowUnstable);
  }

  /** The application was given everything through `index`, `size` encoded bytes of it just now. */
  acceptApplying(index: number, size: number, { allowUnstable }: { allowUnstable: boolean }): void {
    invariant('RAFT-9', index <= this.#committed, 'handed out what is not committed');
    this.#applying = index;
    this.#applyingSize += size;
    // A page that was cut short waits too, so that a large backlog arrives in pages and not all at once.
    const isCut = index < this.#appliableTo(allowUnstable);
    this.#isApplyingPaused = this.#applyingSize >= this.#applyingSizeMax || isCut;
  }

  appliedTo(index: number, size: number): void {
    invariant(
      'RAFT-9',
      index >= this.#applied && index <= this.#committed,
      'the applied index left its range',
    );
    this.#applied = index;
    this.#applying = Math.max(this.#applying, index);
    this.#applyingSize = Math.max(0, this.#applyingSize - size);
    this.#isApplyingPaused = this.#applyingSize >= this.#applyingSizeMax;
  }

  restore(snapshot: Snapshot): void {
    this.#sink('info', `log ${this.describe()} starts to restore ${describeId(snapshot)}`);
    this.#committed = snapshot.index;
    this.unstable.restore(snapshot);
  }

  describe(): string {
    const { offset, offsetInProgress, entries } = this.unstable;
    const own = `committed=${this.#committed}, applied=${this.#applied}, applying=${this.#applying}`;
    const tail = `unstable.offset=${offset}, unstable.offsetInProgress=${offsetInProgress}`;
    return `[${own}, ${tail}, len(unstable.Entries)=${entries.length}]`;
  }

  #appliableTo(allowUnstable: boolean): number {
    return allowUnstable ? this.#committed : Math.min(this.#committed, this.unstable.offset - 1);
  }
}

const describeId = (snapshot: Snapshot): string =>
  `snapshot [index: ${snapshot.index}, term: ${snapshot.term}]`;
