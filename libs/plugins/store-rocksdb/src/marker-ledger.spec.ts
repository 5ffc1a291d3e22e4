import fc from 'fast-check';
import { MarkerLedger } from './marker-ledger.js';

interface Flush {
  readonly lastSequence: number;
  readonly rows: number;
}

/** A database as the ledger sees it: rows wait in tables in memory, which become files oldest first. */
class Memory {
  /** The last sequence of each flush that is done; the first stands for an empty database. */
  readonly flushes = [0];
  ledger = new MarkerLedger({
    last: { sequence: 0, digest: 0, floor: 1 },
    unflushedRows: 0,
    settled: 0,
  });
  /** The row that a first batch writes, and what the next one would write into it. */
  #opened = 0;
  #reached: number | undefined = 0;
  /** As the newest marker has it. */
  #floor = 1;
  #waiting: Flush[] = [];
  #activeRows = 0;

  write(operations: number): void {
    const { ledger } = this;
    this.#opened = this.#reached ?? this.#opened;
    this.#reached = undefined;
    const marker = ledger.next((sequence) => sequence);
    const rows = operations + 1 + (marker.floor - marker.removeFrom);
    ledger.wrote(marker, rows);
    this.#floor = marker.floor;
    this.#activeRows += rows;
    if (ledger.isObservationDue) ledger.observe(this.#unflushedRows());
  }

  switchTable(): void {
    if (this.#activeRows === 0) return;
    this.#waiting.push({ lastSequence: this.ledger.sequence, rows: this.#activeRows });
    this.#activeRows = 0;
  }

  /** Writes the oldest `count` waiting tables as one file. */
  flush(count: number): void {
    const done = this.#waiting.splice(0, count).at(-1);
    if (done) this.flushes.push(done.lastSequence);
  }

  /** After a crash or a close: what waited becomes a file. */
  reopen(): void {
    this.switchTable();
    this.flush(this.#waiting.length);
    const { sequence, digest } = this.ledger;
    const last = { sequence, digest, floor: this.#floor };
    this.ledger = new MarkerLedger({ last, unflushedRows: this.#unflushedRows(), settled: this.#opened });
    this.#reached = sequence;
  }

  /** The oldest marker once the next batch is written. */
  get floor(): number {
    return this.ledger.next((sequence) => sequence).floor;
  }

  #unflushedRows(): number {
    return this.#waiting.reduce((sum, { rows }) => sum + rows, this.#activeRows);
  }
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), count: fc.nat({ max: 80 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('switch' as const), count: fc.constant(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('flush' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const), count: fc.constant(1) }) },
);

test('no marker goes whose batch is in the log only, or in the newest flush', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const memory = new Memory();
      for (const { kind, count } of steps) {
        if (kind === 'switch') memory.switchTable();
        else if (kind === 'flush') memory.flush(count);
        else if (kind === 'reopen') memory.reopen();
        for (let batch = 0; kind === 'write' && batch < count; batch++) memory.write(batch % 5);
        const beforeNewestFlush = memory.flushes.at(-2) ?? 0;
        expect(memory.floor).toBeLessThanOrEqual(beforeNewestFlush + 1);
      }
    }),
    { numRuns: 300 },
  );
});

test('markers stay as few as the batches of a few flushes under a steady load', () => {
  fc.assert(
    fc.property(fc.integer({ min: 40, max: 500 }), (batchesOfFlush) => {
      const memory = new Memory();
      for (let round = 0; round < 12; round++) {
        for (let batch = 0; batch < batchesOfFlush; batch++) memory.write(3);
        memory.switchTable();
        memory.flush(1);
        expect(memory.ledger.sequence - memory.floor).toBeLessThanOrEqual(4 * batchesOfFlush + 100);
      }
    }),
    { numRuns: 30 },
  );
});

test('markers stay few in a store that is opened for few batches at a time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 200 }), (batchesOfSession) => {
      const memory = new Memory();
      for (let session = 0; session < 40; session++) {
        for (let batch = 0; batch < batchesOfSession; batch++) memory.write(3);
        memory.reopen();
        expect(memory.ledger.sequence - memory.floor).toBeLessThanOrEqual(4 * batchesOfSession);
      }
    }),
    { numRuns: 30 },
  );
});
