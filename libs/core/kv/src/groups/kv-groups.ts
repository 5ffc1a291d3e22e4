import { invariant } from '@caisson/base';
import type { Clock, Timestamp } from '@caisson/contracts';
import { addMs, HybridClock } from '@caisson/mvcc';

/** What the applier of a group and the proposers for it share. */
export interface KvGroup {
  readonly id: number;
  /** Draws the group's commit timestamps, none above the ceiling, and hears of those applied. */
  readonly hlc: HybridClock;
  /** The replicated limit of the clock, as applied; 0n before the first. */
  readonly ceiling: Timestamp;
}

interface OpenedGroup extends KvGroup {
  ceiling: Timestamp;
}

/**
 * The groups whose applier is open on this node.
 *
 * Applying entries raises a group's clock and ceiling here; nothing flows back, so that apply depends on the
 * log alone.
 */
export class KvGroups {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #groups = new Map<number, OpenedGroup>();

  constructor({ clock }: { readonly clock: Pick<Clock, 'nowMs'> }) {
    this.#clock = clock;
  }

  /**
   * Called by the applier. Opening a group again, after its store was replaced, keeps its clock: who holds it
   * goes on with it.
   */
  open(id: number, rows: { readonly lastCommitTs: Timestamp; readonly ceilingMs: bigint }): void {
    const ceiling = timestampAt(rows.ceilingMs);
    const known = this.#groups.get(id);
    if (known === undefined) {
      this.#groups.set(id, { id, ceiling, hlc: this.#createClock(id, rows.lastCommitTs) });
    } else {
      known.hlc.observe(rows.lastCommitTs);
      known.ceiling = ceiling;
    }
  }

  get(id: number): KvGroup {
    const group = this.#groups.get(id);
    invariant('KV-1', group !== undefined, 'a group is used before its applier is open');
    return group;
  }

  raiseCeiling(id: number, ceilingMs: bigint): void {
    this.#groups.get(id)!.ceiling = timestampAt(ceilingMs);
  }

  #createClock(id: number, above: Timestamp): HybridClock {
    const ceiling = (): Timestamp => this.#groups.get(id)!.ceiling;
    return new HybridClock({ nowMs: () => this.#clock.nowMs(), above, ceiling });
  }
}

/** The first timestamp of the millisecond; the last one there is for a time beyond all timestamps. */
function timestampAt(ms: bigint): Timestamp {
  return addMs(0n, Number(ms));
}
