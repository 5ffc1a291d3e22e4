import type { OutgoingSnapshot } from '@caisson/contracts';
import { bytesOf } from './bench.js';

/** A snapshot that counts how it is read. */
export class CountedSnapshot implements OutgoingSnapshot {
  readonly id: Uint8Array;
  readonly frame = bytesOf(77, 100);
  /** Where each reading began. */
  readonly starts: number[] = [];
  chunksRead = 0;
  /** Readings that were begun and not closed. */
  reading = 0;
  /** Waited for before this chunk is read. */
  hold: { readonly at: number; readonly until: Promise<void> } | undefined;

  constructor(
    readonly number: number,
    readonly count: number,
    readonly chunkBytes: number,
  ) {
    this.id = new Uint8Array(16).fill(number);
  }

  chunk(at: number): Uint8Array {
    return bytesOf(this.number * 1000 + at, this.chunkBytes);
  }

  /** What a receiver must hold in the end. */
  get whole(): readonly Uint8Array[] {
    return Array.from({ length: this.count }, (_, at) => this.chunk(at));
  }

  async *chunks(first: number): AsyncGenerator<Uint8Array> {
    this.starts.push(first);
    this.reading++;
    try {
      for (let at = first; at < this.count; at++) {
        if (at === this.hold?.at) await this.hold.until;
        this.chunksRead++;
        yield this.chunk(at);
      }
    } finally {
      this.reading--;
    }
  }
}
