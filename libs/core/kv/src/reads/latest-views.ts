import type { ReadableStore } from '@caisson/contracts';
import { Snapshot } from '@caisson/mvcc';

/** Reads of one view run one after the other: the last of so many waits no longer than for the others. */
const READS_PER_VIEW_MAX = 16;

interface LatestView {
  /** Everything up to here is in the view, and perhaps more. */
  readonly position: number;
  readonly snapshot: Promise<Snapshot>;
  /** Reads that looked through it, and those that still do. */
  joined: number;
  looking: number;
}

/**
 * Views of the last commit, shared by point reads that meet.
 *
 * A read may join a view that was opened before its barrier was passed, if the barrier asks for nothing that
 * the view does not show. Whatever was acknowledged before the read began has a position at or below the one
 * its barrier found, and a view shows all that was applied when it was opened: so a view that was opened at
 * that position, or a later one, misses none of it.
 */
export class LatestViews {
  readonly #store: () => ReadableStore;
  #newest: LatestView | undefined;

  constructor(store: () => ReadableStore) {
    this.#store = store;
  }

  /** `position` is what the read's barrier found applied. */
  async during<T>(position: number, look: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    const view = this.#join(position);
    let snapshot: Snapshot | undefined;
    try {
      snapshot = await view.snapshot;
      return await look(snapshot);
    } finally {
      this.#leave(view, snapshot);
    }
  }

  #join(position: number): LatestView {
    const newest = this.#newest;
    const joins = newest && newest.position >= position && newest.joined < READS_PER_VIEW_MAX;
    const view = joins ? newest : this.#open(position);
    view.joined++;
    view.looking++;
    return view;
  }

  #open(position: number): LatestView {
    this.#newest = { position, snapshot: Snapshot.open(this.#store()), joined: 0, looking: 0 };
    return this.#newest;
  }

  /** The last one closes it, and need not wait for that: it has its answer, and nobody else looks. */
  #leave(view: LatestView, snapshot: Snapshot | undefined): void {
    if (--view.looking > 0) return;
    if (this.#newest === view) this.#newest = undefined;
    snapshot?.close().catch(() => undefined);
  }
}
