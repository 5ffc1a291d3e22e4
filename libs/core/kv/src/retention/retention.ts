import {
  type Clock,
  type Counter,
  type ErrorCode,
  isCaissonError,
  type Logger,
  type ReplicatedGroup,
  type Timestamp,
} from '@caisson/contracts';
import {
  compactSlice,
  type GroupRows,
  type HybridClock,
  msOfTimestamp,
  readGroupRows,
  timestampOfMs,
} from '@caisson/mvcc';
import type { ActiveReads } from '../reads/active-reads.js';
import type { CommandQueue } from '../writes/command-queue.js';

export interface RetentionConfig {
  /** How far back reads at a timestamp reach, at least. */
  readonly retentionMs: number;
  /** How often the floor is raised and compaction looks for work. */
  readonly intervalMs: number;
}

export const RETENTION: RetentionConfig = Object.freeze({ retentionMs: 3_600_000, intervalMs: 600_000 });

/** A pass reads every version, so it may take this share of the time at most: one part in so many. */
const REST_FACTOR = 20;
const FIRST_ROUND_MS = 60_000;

/** What ends a round in the ordinary life of a cluster: leadership moves, stores are replaced, nodes stop. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CLOCK_CEILING',
  'DRAINING',
  'NOT_LEADER',
  'STORE_CLOSED',
  'UNAVAILABLE',
  'UNKNOWN_OUTCOME',
]);

export interface RetentionParts {
  readonly group: ReplicatedGroup;
  readonly hlc: HybridClock;
  readonly queue: CommandQueue;
  readonly active: ActiveReads;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly removed?: Counter | undefined;
}

/**
 * Raises the retention floor of one group and removes what lies below it, for ever, until stopped.
 *
 * The floor is replicated: the leading node proposes it. Compaction is each node's own and goes on where it
 * stopped, also after a restart. A failure is logged and tried again at the next interval.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #config: RetentionConfig;
  readonly #stop = new AbortController();
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  /** Commit of the last floor proposed here, and the last commit of anybody else before it. */
  #own: { readonly commitTs: Timestamp; readonly foreignTs: Timestamp } | undefined;

  constructor(parts: RetentionParts, config: RetentionConfig) {
    this.#parts = parts;
    this.#config = config;
  }

  /** The first round comes soon, so that a node that restarts often compacts too, yet not at once. */
  start(): void {
    this.#schedule(Math.min(this.#config.intervalMs, FIRST_ROUND_MS));
  }

  /** Resolves once nothing runs any more. Harmless when repeated. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#stop.abort();
    await this.#running;
  }

  /** One round: the floor, then all the compaction there is. Fails with what it met. */
  async round(): Promise<void> {
    if (this.#parts.group.status().leads) await this.#raiseFloor();
    await this.#compact();
  }

  #schedule(ms: number): void {
    if (this.#stop.signal.aborted) return;
    this.#cancel = this.#parts.clock.after(ms, () => {
      this.#running = this.#run();
    });
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#parts;
    const before = clock.monotonicMs();
    try {
      await this.round();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const level = isCaissonError(error) && PASSING.has(error.code) ? 'debug' : 'warn';
      logger.log(level, 'retention did not finish its round', { error });
    }
    const took = clock.monotonicMs() - before;
    this.#schedule(Math.max(this.#config.intervalMs, took * REST_FACTOR));
  }

  async #raiseFloor(): Promise<void> {
    const { group, queue } = this.#parts;
    const view = group.store.view();
    const rows = await readGroupRows(view).finally(() => view.close());
    const floor = this.#target();
    if (floor <= rows.floor || this.#isSettled(rows)) return;
    const foreignTs = rows.lastCommitTs === this.#own?.commitTs ? this.#own.foreignTs : rows.lastCommitTs;
    const result = await queue.submit({ kind: 'floor', floor }, 0, this.#stop.signal);
    if (result.kind === 'committed') this.#own = { commitTs: result.commitTs, foreignTs };
  }

  /** As far back as configured, and never above a read in progress. */
  #target(): Timestamp {
    const { hlc, active } = this.#parts;
    const keptMs = msOfTimestamp(hlc.now()) - this.#config.retentionMs;
    const floor = timestampOfMs(Math.max(keptMs, 0));
    const lowest = active.lowest();
    return lowest !== undefined && lowest < floor ? lowest : floor;
  }

  /** Whether a higher floor would remove nothing: an idle group does not write a floor every interval. */
  #isSettled({ lastCommitTs, floor, expiryHorizon }: GroupRows): boolean {
    if (lastCommitTs === 0n) return true;
    const isIdle = lastCommitTs === this.#own?.commitTs && floor >= this.#own.foreignTs;
    return isIdle && expiryHorizon <= floor;
  }

  #compact(): Promise<void> {
    const { group, removed } = this.#parts;
    return group.maintain(async (batch) => {
      const progress = await compactSlice(group.store, batch);
      removed?.add(progress.removed);
      return { more: progress.more };
    }, this.#stop.signal);
  }
}
