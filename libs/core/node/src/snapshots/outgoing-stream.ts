import type { Cursor, Hashes, OutgoingSnapshot, Pair, StoredView } from '@caisson/contracts';
import {
  encodeSnapshotChunk,
  encodeSnapshotEnd,
  encodeSnapshotPreamble,
  encodeSnapshotTrailer,
  type SnapshotHeader,
} from '@caisson/formats';
import type { OpenSnapshot } from '../consensus/snapshot-ports.js';

/** A chunk ends with the pair that makes it so long. */
const CHUNK_BYTES = 512 * 1024;
/** Only there because a page is also bounded by pairs: none is smaller than a key and its frame. */
const CHUNK_PAIRS = 64 * 1024;
/** What a transport takes at a time. */
const PIECE_BYTES = 1024 * 1024;

export interface OutgoingStreamParts {
  /** 16 bytes that no other stream has. */
  readonly id: Uint8Array;
  readonly frame: Uint8Array;
  readonly view: StoredView;
  readonly header: SnapshotHeader;
  readonly hashes: Hashes;
  onClosed(): void;
}

/**
 * The stream over one view. It is made anew from the view each time it is read, and comes out the same, so
 * that nothing of it has to be kept; going on in the middle costs reading what lies before.
 */
export class OutgoingStream implements OpenSnapshot, OutgoingSnapshot {
  readonly #parts: OutgoingStreamParts;

  constructor(parts: OutgoingStreamParts) {
    this.#parts = parts;
  }

  get outgoing(): OutgoingSnapshot {
    return this;
  }

  get id(): Uint8Array {
    return this.#parts.id;
  }

  get frame(): Uint8Array {
    return this.#parts.frame;
  }

  async *chunks(first: number): AsyncGenerator<Uint8Array, void> {
    let number = 0;
    for await (const part of this.#stream()) {
      for (let at = 0; at < part.length; at += PIECE_BYTES) {
        if (number++ >= first) yield part.subarray(at, at + PIECE_BYTES);
      }
    }
  }

  close(): Promise<void> {
    this.#parts.onClosed();
    return this.#parts.view.close();
  }

  /** Preamble, each chunk, trailer: in the order in which they are digested. */
  async *#stream(): AsyncGenerator<Uint8Array, void> {
    const { view, header, hashes } = this.#parts;
    const digest = hashes.runningSha256();
    const preamble = encodeSnapshotPreamble(header);
    digest.update(preamble);
    yield preamble;
    let count = 0;
    for await (const pairs of pagesAhead(view.rows())) {
      count += pairs.length;
      const chunk = encodeSnapshotChunk(pairs);
      digest.update(chunk);
      yield chunk;
    }
    digest.update(encodeSnapshotEnd(count));
    const digested = digest.done();
    const mac = await view.authenticate(preamble, digested);
    yield encodeSnapshotTrailer({ pairs: count, digest: digested, mac });
  }
}

/** The pairs of each chunk; those of the next one are read while one is encoded and sent. */
async function* pagesAhead(rows: Cursor): AsyncGenerator<readonly Pair[], void> {
  const limits = { pairs: CHUNK_PAIRS, bytes: CHUNK_BYTES };
  let next = rows.next(limits);
  for (let pairs = await next; pairs.length > 0; pairs = await next) {
    next = rows.next(limits);
    // Whoever asks for it hears of its failure; until then it is not unhandled.
    next.catch(() => undefined);
    yield pairs;
  }
}
