import { equalBytes } from '@caisson/base';
import {
  CaissonError,
  type Clock,
  type Pair,
  type ReplicatedGroup,
  type StoreBatch,
} from '@caisson/contracts';
import { decodeIndexRow, SYSTEM_KEYS } from '@caisson/formats';
import { type Census, takeCensus } from '../census/census.js';
import { storedKind } from '../census/stored-values.js';
import type { GroupSession } from '../node/group-session.js';
import { LookAhead, type Portion } from './look-ahead.js';
import type { Pace } from './pace.js';
import {
  decodeRewriteCursor,
  encodeRewriteCursor,
  REWRITE_CURSOR_KEY,
  type RewriteCursor,
  type RewriteTarget,
} from './rewrite-cursor.js';

export interface GroupRewriteParts {
  readonly session: GroupSession;
  readonly group: Pick<ReplicatedGroup, 'maintain' | 'status'>;
  readonly clock: Clock;
  readonly pace: Pace;
  /** How many groups share the time that is left, this one included. */
  readonly groups: number;
  /** The envelope version that is written. */
  readonly version: number;
  onCensus(census: Census): void;
  /** All is sealed; replaced values are about to leave the files. */
  onScrub(): void;
  onProgress(cursor: RewriteCursor): void;
}

interface Written {
  readonly cursor: RewriteCursor;
  /** Why a value could not be opened or sealed; the cursor stands before it. */
  readonly failure?: unknown;
  /** What was sealed anew, as it was opened. */
  readonly sealed: readonly Pair[];
}

const EMPTY = new Uint8Array(0);

/**
 * Seals anew, on this node, whatever is clear or under an older key or envelope version, until a count finds
 * nothing of it. Commit timestamps and headers stay, and so does what a reader sees.
 *
 * Values are looked for beside everything else. They are written in the group's writer queue, where nothing
 * can come between the look and the write, and only if they are still what was found; the cursor goes into
 * the same batch. Afterwards each is read back from the store and opened: it must be what it was. A value
 * that does not open ends the run with its error, and everything before it stays rewritten.
 */
export class GroupRewrite {
  readonly #parts: GroupRewriteParts;

  constructor(parts: GroupRewriteParts) {
    this.#parts = parts;
  }

  /** Rejects with the signal's reason, or with the error of the value that stopped it. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#untilRegistered(signal);
    let begun = this.#moment();
    const unfinished = await this.#unfinished(begun.target);
    let done = unfinished && (await this.#pass(unfinished, begun, signal));
    for (;;) {
      await this.#untilRegistered(signal);
      begun = this.#moment();
      const cursor = await this.#count(begun.target, done, signal);
      this.#parts.onProgress(cursor);
      const isClean = cursor.total === cursor.done;
      if (isClean && cursor.done > 0) await this.#scrub(signal);
      if (isClean && (await this.#finish(cursor, begun, signal))) return;
      done = isClean ? cursor : await this.#pass(cursor, begun, signal);
    }
  }

  /** The row of a run to the same target that did not come to its end. */
  async #unfinished(target: RewriteTarget): Promise<RewriteCursor | undefined> {
    const row = await this.#parts.session.stored(REWRITE_CURSOR_KEY);
    const cursor = row === undefined ? undefined : decodeRewriteCursor(row);
    if (cursor === undefined || cursor.finishedAt !== undefined) return undefined;
    return isSame(cursor.target, target) ? cursor : undefined;
  }

  /** Only under an epoch the registry knows. */
  async #untilRegistered(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#isUnregistered) return;
    const { state } = this.#parts.session;
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    while (this.#isUnregistered) {
      await Promise.race([state.changed(), aborted]);
      signal.throwIfAborted();
    }
  }

  get #isUnregistered(): boolean {
    const { session } = this.#parts;
    return session.unregistered.includes(session.state.current.keys.activeStorage);
  }

  /** From then on tombstones are sealed too, old ones as they are rewritten. */
  get #isSealedMode(): boolean {
    return this.#parts.session.state.current.keys.sealedModeIndex !== 0;
  }

  /** With another one, what was found out holds no more. */
  #moment(): Moment {
    const { session, version } = this.#parts;
    const { activeStorage } = session.state.current.keys;
    return { target: { keyId: activeStorage, version }, replacements: session.replacements };
  }

  #isPast({ target, replacements }: Moment): boolean {
    const now = this.#moment();
    return !isSame(now.target, target) || now.replacements !== replacements;
  }

  async #count(
    target: RewriteTarget,
    { done, bytes }: Pick<RewriteCursor, 'done' | 'bytes'> = { done: 0, bytes: 0 },
    signal: AbortSignal,
  ): Promise<RewriteCursor> {
    const { session, clock, pace, onCensus } = this.#parts;
    const census = await takeCensus(session, clock, signal);
    onCensus(census);
    const total = done + staleOf(census, target, this.#isSealedMode);
    return { target, ...timing(pace), done, total, bytes, position: EMPTY };
  }

  /** What was overwritten leaves the disk before the run counts as finished: a crash begins here again. */
  async #scrub(signal: AbortSignal): Promise<void> {
    const { group, onScrub, session } = this.#parts;
    onScrub();
    await group.maintain(async () => {
      await session.settle();
      return { more: false };
    }, signal);
    signal.throwIfAborted();
    await session.scrub(signal);
  }

  /** Once through the store. Answers how far it came; where the target moved, what is left is found again. */
  async #pass(from: RewriteCursor, begun: Moment, signal: AbortSignal): Promise<RewriteCursor> {
    const { pace, onProgress, session } = this.#parts;
    const isStale = (stored: Uint8Array) => isOld(stored, from.target, this.#isSealedMode);
    const ahead = new LookAhead({ session, isStale }, from.position);
    let cursor = from;
    onProgress(cursor);
    while (!this.#isPast(begun)) {
      const { portion, written, took } = await this.#portion({ ahead, cursor, begun }, signal);
      if (written === undefined) break;
      const bytes = written.cursor.bytes - cursor.bytes;
      cursor = written.cursor;
      onProgress(cursor);
      if (written.failure !== undefined) throw written.failure;
      if (portion.isLast) break;
      pace.aim(cursor, this.#parts.groups);
      await pace.rest({ bytes, ...took }, signal);
    }
    return cursor;
  }

  /** Finds, seals and reads back what goes into one batch, and says how long it was in anybody's way. */
  async #portion({ ahead, cursor, begun }: Stretch, signal: AbortSignal) {
    const { clock, group, pace } = this.#parts;
    const startMs = clock.monotonicMs();
    const { applied } = group.status();
    const portion = await ahead.next(pace.portionBytes);
    const askedMs = clock.monotonicMs();
    let begunMs = askedMs;
    let written: Written | undefined;
    await group.maintain(async (batch) => {
      begunMs = clock.monotonicMs();
      if (!this.#isPast(begun)) written = await this.#write(portion, cursor, batch);
      return { more: false };
    }, signal);
    const heldMs = clock.monotonicMs() - begunMs;
    signal.throwIfAborted();
    if (written !== undefined) await this.#readBack(written.sealed, begun);
    const waitedMs = begunMs - askedMs;
    const workedMs = clock.monotonicMs() - startMs - waitedMs;
    const isBusy = group.status().applied !== applied;
    return { portion, written, took: { waitedMs, heldMs, workedMs, isBusy } };
  }

  async #write({ pairs, end }: Portion, before: RewriteCursor, batch: StoreBatch): Promise<Written> {
    const { session, pace } = this.#parts;
    let cursor: RewriteCursor = { ...withoutTiming(before), ...timing(pace) };
    const sealed: Pair[] = [];
    let failure: unknown;
    const stored = await Promise.all(pairs.map(({ key }) => session.stored(key)));
    for (const [at, { key, value }] of pairs.entries()) {
      const now = stored[at];
      const isOurs = now !== undefined && equalBytes(now, value);
      failure = isOurs ? this.#reseal({ key, value }, batch, sealed) : undefined;
      if (failure !== undefined) break;
      const done = isOurs ? { done: cursor.done + 1, bytes: cursor.bytes + value.length } : {};
      cursor = { ...cursor, ...done, position: key };
    }
    if (failure === undefined) cursor = { ...cursor, position: end };
    cursor = { ...cursor, total: Math.max(cursor.total, cursor.done) };
    batch.put(REWRITE_CURSOR_KEY, encodeRewriteCursor(cursor));
    return { cursor, sealed, ...(failure !== undefined && { failure }) };
  }

  /** The batch of the door seals whatever passes it under the key that is active. */
  #reseal({ key, value: stored }: Pair, batch: StoreBatch, sealed: Pair[]): unknown {
    try {
      const value = this.#parts.session.openStored(key, stored);
      batch.put(key, value);
      sealed.push({ key, value });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Versions never change: one that is still there opens to what was sealed. */
  async #readBack(sealed: readonly Pair[], begun: Moment): Promise<void> {
    const { session } = this.#parts;
    const stored = await Promise.all(sealed.map(({ key }) => session.stored(key)));
    if (this.#isPast(begun)) return;
    for (const [at, { key, value }] of sealed.entries()) {
      const now = stored[at];
      if (now === undefined || equalBytes(session.openStored(key, now), value)) continue;
      const problem = 'a value that was sealed anew reads back as another';
      throw new CaissonError('ENCRYPTED_READ_INTEGRITY', { group: session.id, problem });
    }
  }

  /** Whether it is over: durably, so that a key may be erased on the strength of it. */
  async #finish(cursor: RewriteCursor, begun: Moment, signal: AbortSignal): Promise<boolean> {
    const { session, group, onProgress } = this.#parts;
    let finished: RewriteCursor | undefined;
    await group.maintain(async () => {
      if (this.#isPast(begun)) return { more: false };
      const row = await session.stored(SYSTEM_KEYS.appliedIndex);
      const end = { ...cursor, finishedAt: row === undefined ? 0 : decodeIndexRow(row), position: EMPTY };
      await session.settle({ key: REWRITE_CURSOR_KEY, value: encodeRewriteCursor(end) });
      finished = end;
      return { more: false };
    }, signal);
    signal.throwIfAborted();
    if (finished !== undefined) onProgress(finished);
    return finished !== undefined;
  }
}

interface Stretch {
  readonly ahead: LookAhead;
  readonly cursor: RewriteCursor;
  readonly begun: Moment;
}

interface Moment {
  readonly target: RewriteTarget;
  /** How often the store had been replaced. */
  readonly replacements: number;
}

function timing({ rate, finishBy }: Pace): Pick<RewriteCursor, 'rate' | 'finishBy'> {
  return { rate, ...(finishBy !== undefined && { finishBy }) };
}

function withoutTiming({ finishBy: _, ...cursor }: RewriteCursor): RewriteCursor {
  return cursor;
}

function isSame(a: RewriteTarget, b: RewriteTarget): boolean {
  return a.keyId === b.keyId && a.version === b.version;
}

/** Never to an older envelope version; what cannot be told is for the door to judge. */
function isOld(stored: Uint8Array, { keyId, version }: RewriteTarget, isSealedMode: boolean): boolean {
  const found = storedKind(stored);
  if (found.kind === 'sealed') return found.keyId !== keyId || found.version < version;
  return found.kind !== 'tombstone' || isSealedMode;
}

function staleOf(census: Census, { keyId, version }: RewriteTarget, isSealedMode: boolean): number {
  const { sealed, clear, unreadable, tombstones } = census;
  const old = sealed.filter((each) => each.keyId !== keyId || each.version < version);
  const others = clear + unreadable + (isSealedMode ? tombstones : 0);
  return old.reduce((sum, { values }) => sum + values, others);
}
