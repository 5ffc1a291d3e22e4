import { invariant } from '@caisson/base';
import type { Clock, Timestamp } from '@caisson/contracts';
import { addMs, HybridClock, timestampOfMs } from '@caisson/mvcc';

/** What the applier of a group and the proposers for it share. */
export interface KvGroup {
  readonly id: number;
  /** Draws the group's commit timestamps and hears of those applied. */
  readonly hlc: HybridClock;
  /** The replicated ceiling in Unix milliseconds, as applied; 0n before the first. */
  readonly ceilingMs: bigint;
}

interface OpenedGroup extends KvGroup {
  ceilingMs: bigint;
}

export interface KvGroupsOptions {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Whether timestamps stay below the replicated ceiling. Only sensible where somebody renews it. */
  readonly enforcesCeiling?: boolean;
}

/**
 * The groups whose applier is open on this node.
 *
 * Applying entries raises a group's clock and ceiling here; nothing flows back, so that apply depends on the
 * log alone.
 */
export class KvGroups {
  readonly #options: KvGroupsOptions;
  readonly #groups = new Map<number, OpenedGroup>();

  constructor(options: KvGroupsOptions) {
    this.#options = options;
  }

  /** Called by the applier. Opening a group again, after its store was replaced, keeps its clock. */
  open(id: number, lastCommitTs: Timestamp, ceilingMs: bigint): void {
    const known = this.#groups.get(id);
    if (known === undefined) {
      this.#groups.set(id, { id, ceilingMs, hlc: this.#createClock(id, lastCommitTs) });
    } else {
      known.hlc.observe(lastCommitTs);
      known.ceilingMs = ceilingMs;
    }
  }

  get(id: number): KvGroup {
    const group = this.#groups.get(id);
    invariant('KV-1', group !== undefined, 'a group is used before its applier is open');
    return group;
  }

  raiseCeiling(id: number, ceilingMs: bigint): void {
    this.#groups.get(id)!.ceilingMs = ceilingMs;
  }

  #createClock(id: number, above: Timestamp): HybridClock {
    const { clock, enforcesCeiling = false } = this.#options;
    const ceiling = (): Timestamp => addMs(timestampOfMs(0), Number(this.get(id).ceilingMs));
    return new HybridClock({ nowMs: () => clock.nowMs(), above, ...(enforcesCeiling && { ceiling }) });
  }
}
