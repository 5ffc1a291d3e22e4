import { CaissonError, type Clock, isCaissonError, type ReplicatedGroup } from '@caisson/contracts';
import { encodeHlcCeiling } from '@caisson/formats';
import { msOfTimestamp } from '@caisson/mvcc';
import { abortable, abortError } from '../abort.js';
import type { KvGroup } from '../groups/kv-groups.js';

export interface CeilingConfig {
  /** How far above now a renewal puts the ceiling. */
  readonly windowMs: number;
  /** How much of the window is left when it is renewed. Less than the window. */
  readonly renewalMs: number;
  /** How long a write waits for a ceiling at most. */
  readonly waitMs: number;
}

export const CEILING: CeilingConfig = Object.freeze({ windowMs: 3_000, renewalMs: 1_000, waitMs: 10_000 });

const PAUSE_MS = 5;

export interface CeilingParts {
  readonly group: ReplicatedGroup;
  readonly shared: KvGroup;
  readonly clock: Clock;
  readonly config: CeilingConfig;
}

/**
 * Says when timestamps of one group may be drawn on this node: in an uninterrupted leadership, below the
 * replicated ceiling.
 *
 * A leadership starts above the ceiling of the one before, at once: timestamps then lie ahead of the wall
 * clock until that has caught up, by a window at most. Where leaderships follow each other so fast that it
 * would be more, the next one waits for the difference, but no longer than one window: a wall clock that is
 * further behind than that follows another node's that was ahead, as it follows every observed timestamp. So
 * no timestamp is ever further ahead of the furthest clock than a window and what a renewal adds.
 *
 * The ceiling is renewed in time while timestamps are being drawn. Where none are, nothing is written, and
 * the next draw waits for one entry.
 */
export class CeilingKeeper {
  readonly #parts: CeilingParts;
  /** The leadership that has started above its predecessor's ceiling. */
  #leadership: number | undefined;
  #opening: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  /** Whether timestamps were drawn since the last renewal. */
  #isWanted = false;
  #isStopped = false;

  constructor(parts: CeilingParts) {
    this.#parts = parts;
  }

  /**
   * `undefined` when timestamps may be drawn now, before anything else runs. Else resolves when that may have
   * become so; ask again then. Rejects with why the group takes no proposals (`NOT_LEADER`, `DRAINING`, …)
   * or, after the longest wait, `CLOCK_CEILING`: nothing that waited here was proposed.
   */
  ready(): Promise<void> | undefined {
    if (this.#mayDraw()) {
      this.#isWanted = true;
      return undefined;
    }
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Renews no longer by itself. Harmless when repeated. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #mayDraw(): boolean {
    const { group, shared } = this.#parts;
    const { leads, leadership } = group.status();
    return leads && leadership === this.#leadership && shared.hlc.now() < shared.ceiling;
  }

  async #open(): Promise<void> {
    const { group, shared, clock, config } = this.#parts;
    const limit = new AbortController();
    const details = { group: group.id, ceilingMs: msOfTimestamp(shared.ceiling) };
    const cancel = clock.after(config.waitMs, () => limit.abort(new CaissonError('CLOCK_CEILING', details)));
    try {
      for (let attempt = 0; !this.#mayDraw(); attempt++) {
        if (attempt > 0) await clock.sleep(Math.min(attempt * PAUSE_MS, config.windowMs), limit.signal);
        await this.#succeed(limit.signal);
        await this.#renew(limit.signal);
      }
    } finally {
      cancel();
    }
  }

  /** Starts a new leadership above the ceiling of the last one. */
  async #succeed(signal: AbortSignal): Promise<void> {
    const { config, group, shared } = this.#parts;
    const { leads, leadership } = group.status();
    if (!leads || leadership === this.#leadership) return;
    // Only then the ceiling known here is the last one that anybody before could draw under.
    await abortable(signal, () => group.readBarrier('linearizable', signal));
    const { ceiling } = shared;
    await this.#await(msOfTimestamp(ceiling) - config.windowMs, signal);
    const now = group.status();
    if (!now.leads || now.leadership !== leadership) return;
    shared.hlc.observe(ceiling);
    this.#leadership = leadership;
  }

  async #await(wallMs: number, signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#parts;
    const end = clock.monotonicMs() + config.windowMs;
    for (;;) {
      const ms = Math.min(wallMs - clock.nowMs(), end - clock.monotonicMs());
      if (!(ms > 0)) return;
      await clock.sleep(ms, signal);
    }
  }

  async #renew(signal?: AbortSignal): Promise<void> {
    const { clock, group, shared, config } = this.#parts;
    const aheadMs = msOfTimestamp(shared.hlc.now()) + config.renewalMs;
    const ceilingMs = BigInt(Math.max(Math.floor(clock.nowMs()) + config.windowMs, aheadMs));
    this.#isWanted = false;
    try {
      await abortable(signal, () =>
        group.propose(encodeHlcCeiling(ceilingMs), { source: 'user', ...(signal && { signal }) }),
      );
    } catch (error) {
      if (signal?.aborted === true) throw abortError(signal);
      // Whether it came to be shows in the ceiling itself.
      if (!isCaissonError(error, 'UNKNOWN_OUTCOME')) throw error;
    }
    this.#schedule();
  }

  #schedule(): void {
    const { clock, config, shared } = this.#parts;
    this.#cancel?.();
    if (this.#isStopped) return;
    const leftMs = msOfTimestamp(shared.ceiling) - msOfTimestamp(shared.hlc.now());
    // A clock that runs ahead gets little at a time, and must not ask for it all the time.
    const restMs = Math.min(config.renewalMs, leftMs / 2);
    this.#cancel = clock.after(Math.max(leftMs - restMs, PAUSE_MS), () => {
      // A renewal that fails is no harm yet: the draw that needs it asks again, and hears why.
      if (this.#isWanted && this.#mayDraw()) void this.#renew().catch(() => undefined);
    });
  }
}
