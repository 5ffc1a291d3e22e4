import { createDeferred, type Deferred } from '@caisson/base';
import type { CutoverProgress, KeyState } from '@caisson/formats';
import type { ClusterUsage } from '../usage/cluster-usage.js';

/**
 * What a group's log has decided about its keys, as of the last written batch. Replaced as a whole: whoever
 * took one sees one moment.
 */
export interface GroupState {
  /** `EMPTY_KEY_STATE` before bootstrap. */
  readonly keys: KeyState;
  /** Absent until the Raft envelope is enabled. */
  readonly progress: CutoverProgress | undefined;
  /** The last epoch the registry knows of this node, by DEK. Absent where the row is missing or another's. */
  readonly ownEpochs: ReadonlyMap<number, number>;
  readonly usage: ClusterUsage;
}

export function isBootstrapped({ keys }: GroupState): boolean {
  return keys.activeStorage !== 0;
}

/** The highest index at which a payload may still be clear. */
export function raftCutover({ keys }: GroupState): number {
  return keys.raftEnvelopeActive ? keys.raftCutoverIndex : Number.POSITIVE_INFINITY;
}

/**
 * Where the current state of a group is found. Replaced between two entries: by the applier, by the first
 * sealed entry after a cutover, and as a whole by a state that came from elsewhere.
 */
export class LiveState {
  #current: GroupState;
  #changed: Deferred<void> | undefined;

  constructor(initial: GroupState) {
    this.#current = initial;
  }

  get current(): GroupState {
    return this.#current;
  }

  set current(next: GroupState) {
    this.#current = next;
    this.#changed?.resolve();
    this.#changed = undefined;
  }

  /** Resolves with the next replacement. */
  changed(): Promise<void> {
    this.#changed ??= createDeferred<void>();
    return this.#changed.promise;
  }
}
