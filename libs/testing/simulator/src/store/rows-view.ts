import { copyBytes } from '@caisson/base';
import { CaissonError, type Cursor, type KeyRange, type Pair, type ReadView } from '@caisson/contracts';
import { type SortedRows, valueAt, within } from './sorted-rows.js';

const PAIRS = 256;
const BYTES = 256 * 1024;

/** Rows as they were, for as long as the store is open. */
export class RowsView implements ReadView {
  readonly direction: ReadView['direction'];
  readonly #rows: SortedRows;
  readonly #isStoreOpen: () => boolean;
  #isOpen = true;

  constructor(rows: SortedRows, direction: ReadView['direction'], isStoreOpen: () => boolean) {
    this.#rows = rows;
    this.direction = direction;
    this.#isStoreOpen = isStoreOpen;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const value = valueAt(this.#rows, key);
    return value && copyBytes(value);
  }

  scan(range: KeyRange): Cursor {
    const rows = within(this.#rows, range);
    const inOrder = this.direction === 'reverse' ? rows.toReversed() : rows;
    let at = 0;
    return {
      next: async ({ bytes: bytesMax = BYTES, pairs: pairsMax = PAIRS } = {}) => {
        this.#assertOpen();
        const step: Pair[] = [];
        let bytes = 0;
        for (; at < inOrder.length; at++) {
          if (step.length > 0 && (step.length >= pairsMax || bytes >= bytesMax)) break;
          const { key, value } = inOrder[at]!;
          step.push({ key: copyBytes(key), value: copyBytes(value) });
          bytes += key.length + value.length;
        }
        return step;
      },
    };
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #assertOpen(): void {
    if (!this.#isOpen || !this.#isStoreOpen()) throw new CaissonError('STORE_CLOSED');
  }
}
