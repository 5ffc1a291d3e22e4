import type { Timestamp } from '@caisson/contracts';

/** Timestamps that reads in progress on this node depend on: the retention floor does not pass the lowest. */
export class ActiveReads {
  readonly #held = new Map<Timestamp, number>();

  /** Holds until the returned function is called; calling it again is harmless. */
  hold(ts: Timestamp): () => void {
    this.#held.set(ts, (this.#held.get(ts) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = this.#held.get(ts)! - 1;
      if (left === 0) this.#held.delete(ts);
      else this.#held.set(ts, left);
    };
  }

  lowest(): Timestamp | undefined {
    let lowest: Timestamp | undefined;
    for (const ts of this.#held.keys()) if (lowest === undefined || ts < lowest) lowest = ts;
    return lowest;
  }
}
