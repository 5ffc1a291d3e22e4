import { invariant } from '@caisson/base';
import type { ApplyOutcome, LogEntry, WritableBatch } from '@caisson/contracts';
import type { ApplyLimits } from '../limits.js';
import type { Answer } from '../proposals/answers.js';

/** Consecutive entries whose effects share one batch, while it fills. */
export class ApplyRun {
  readonly batch: WritableBatch;
  readonly answers: Answer[] = [];
  first: LogEntry | undefined;
  entries = 0;
  refused = 0;
  last = 0;
  sync = false;
  /** Whether the entry in it shares its batch with nothing. */
  alone = false;
  readonly #limits: ApplyLimits;
  #bytes = 0;
  #mark = 0;

  constructor(batch: WritableBatch, limits: ApplyLimits) {
    this.batch = batch;
    this.#limits = limits;
  }

  get full(): boolean {
    return this.entries >= this.#limits.entries || this.#bytes >= this.#limits.bytes;
  }

  /** Called before each entry, so that what it leaves behind can be told from what earlier ones did. */
  begin(): void {
    this.#mark = this.batch.size;
  }

  /** Whether the batch holds nothing of the entry that was begun last. */
  get clean(): boolean {
    return this.batch.size === this.#mark;
  }

  accept(entry: LogEntry, outcome: ApplyOutcome | undefined): void {
    if (outcome?.kind === 'refused') {
      invariant('NODE-2', this.clean, 'an applier refused an entry after adding to the batch');
      this.refused++;
    } else if (outcome?.sync === true) {
      this.sync = true;
    }
    this.first ??= entry;
    this.entries++;
    this.#bytes += entry.data.length;
    this.last = entry.index;
  }
}
