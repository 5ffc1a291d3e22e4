import type { Entry } from '../message/entry.js';
import type { ConfState, HardState, Snapshot } from '../message/state.js';

/** Why a part of the log cannot be had: already thrown away, or not there yet. */
export type LogGap = 'compacted' | 'unavailable';

export const isGap = (answer: number | readonly Entry[] | LogGap): answer is LogGap =>
  typeof answer === 'string';

/**
 * What the core reads back of what it asked to be made durable. Synchronous, from memory or a cache.
 *
 * The core never writes through this: entries, hard state and snapshots leave it in `Ready`. What has been
 * reported as durable must be readable here from then on, until the core knows it to be applied and the log
 * is compacted.
 */
export interface LogStorage {
  initialState(): { readonly hardState: HardState; readonly confState: ConfState };
  /** Entries from `low` up to but without `high`, cut at `sizeMax` encoded bytes but never to nothing. */
  entries(low: number, high: number, sizeMax: number): readonly Entry[] | LogGap;
  /** Also answers for `firstIndex() - 1`, the entry that the log is attached to. */
  term(index: number): number | LogGap;
  firstIndex(): number;
  lastIndex(): number;
  /** A snapshot to send, at any index from `firstIndex() - 1` on; undefined while none can be had. */
  snapshot(): Snapshot | undefined;
}
