import type { Marker } from './markers.js';

/** How many batches pass between two looks at what has reached the table files. */
const OBSERVATION_INTERVAL = 32;
/** Old markers removed by one batch: more than one, so that a backlog shrinks. */
const REMOVALS_MAX = 4;

export interface NextMarker extends Marker {
  /** Markers from here to `floor - 1` are removed by the same batch. */
  readonly removeFrom: number;
}

export interface LedgerStart {
  readonly last: { readonly sequence: number; readonly digest: number; readonly floor: number };
  /** Rows that wait in memory already. */
  readonly unflushedRows: number;
  /** Markers up to here are not needed, whatever is flushed from now on. */
  readonly settled: number;
}

/**
 * Numbers the batches, and decides which markers are still needed.
 *
 * A marker proves that its batch was not lost, which can happen to a batch that is in the write-ahead log,
 * or in the table file that the last flush made (its only mention may sit at the end of the manifest). So
 * markers are kept from the flush before the last one on; see DESIGN.md.
 */
export class MarkerLedger {
  #sequence: number;
  #digest: number;
  #floor: number;
  /** Every batch up to here is in table files. */
  #flushed: number;
  /** `#flushed` as it was before the last flush: markers up to here are not needed any more. */
  #settled: number;
  /** Rows written since the store was opened, and at which sequence it was how many. */
  #rows: number;
  readonly #checkpoints: { readonly sequence: number; readonly rows: number }[] = [];

  /** Continues after `last`; `settled` as an earlier opening found it, 0 if none did. */
  constructor({ last, unflushedRows, settled }: LedgerStart) {
    this.#sequence = last.sequence;
    this.#digest = last.digest;
    this.#floor = last.floor;
    this.#flushed = Math.max(last.floor - 1, settled);
    this.#settled = Math.max(last.floor - 1, settled);
    this.#rows = unflushedRows;
    this.#checkpoints.push({ sequence: last.sequence, rows: unflushedRows });
  }

  get sequence(): number {
    return this.#sequence;
  }

  get digest(): number {
    return this.#digest;
  }

  /**
   * The marker of the batch about to be written, whose digest follows from the number and the one before.
   */
  next(digestOf: (sequence: number, previous: number) => number): NextMarker {
    const sequence = this.#sequence + 1;
    const floor = Math.max(this.#floor, Math.min(this.#floor + REMOVALS_MAX, this.#settled + 1));
    return {
      sequence,
      floor,
      removeFrom: this.#floor,
      previous: this.#digest,
      digest: digestOf(sequence, this.#digest),
    };
  }

  /**
   * The batch of `marker` is written and has put `rows` rows into memory, its marker and removals included.
   */
  wrote(marker: NextMarker, rows: number): void {
    this.#sequence = marker.sequence;
    this.#digest = marker.digest;
    this.#floor = marker.floor;
    this.#rows += rows;
  }

  get isObservationDue(): boolean {
    return this.#sequence % OBSERVATION_INTERVAL === 0;
  }

  /** Takes note of how many of the rows written so far are not in table files yet. */
  observe(unflushedRows: number): void {
    this.#checkpoints.push({ sequence: this.#sequence, rows: this.#rows });
    const rowsInFiles = this.#rows - unflushedRows;
    let flushed = this.#flushed;
    while (this.#checkpoints.length > 0 && this.#checkpoints[0]!.rows <= rowsInFiles) {
      flushed = this.#checkpoints.shift()!.sequence;
    }
    if (flushed <= this.#flushed) return;
    this.#settled = this.#flushed;
    this.#flushed = flushed;
  }
}
