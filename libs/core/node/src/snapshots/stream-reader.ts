import { compareBytes, concatBytes, copyBytes, equalBytes } from '@caisson/base';
import { CaissonError, type Hashes, type Pair, type RunningHash, type StateProof } from '@caisson/contracts';
import {
  decodeSnapshotChunk,
  decodeSnapshotHeader,
  decodeSnapshotLength,
  decodeSnapshotPrefix,
  decodeSnapshotTrailer,
  encodeSnapshotEnd,
  SNAPSHOT_CHECKSUM_BYTES,
  SNAPSHOT_LENGTH_BYTES,
  SNAPSHOT_PREFIX_BYTES,
  SNAPSHOT_TRAILER_BYTES,
  type SnapshotHeader,
  type SnapshotTrailer,
} from '@caisson/formats';
import { ByteSource } from './byte-source.js';

/**
 * Takes a stream apart, once, from front to back: `header`, then `chunks` to their end, which is when the
 * digest was compared, then `proof`. Whatever is not exactly as it must be is `SNAPSHOT_INVALID`.
 *
 * Holds one chunk at a time. Who wrote the stream is not known from the digest, only from the proof.
 */
export class StreamReader {
  readonly #source: ByteSource;
  readonly #digest: RunningHash;
  #preamble: Uint8Array = new Uint8Array(0);
  #trailer: SnapshotTrailer | undefined;

  constructor(source: AsyncIterable<Uint8Array>, hashes: Hashes) {
    this.#source = new ByteSource(source);
    this.#digest = hashes.runningSha256();
  }

  async header(): Promise<SnapshotHeader> {
    const prefix = await this.#source.take(SNAPSHOT_PREFIX_BYTES);
    const header = await this.#source.take(decodeSnapshotPrefix(prefix));
    this.#preamble = concatBytes(prefix, header);
    this.#digest.update(this.#preamble);
    return decodeSnapshotHeader(header);
  }

  /** The pairs are windows into what was read: whoever keeps them copies them before asking for more. */
  async *chunks(): AsyncGenerator<readonly Pair[], void> {
    let count = 0;
    let last: Uint8Array | undefined;
    for (let length = await this.#length(); length > 0; length = await this.#length()) {
      const body = await this.#source.take(SNAPSHOT_CHECKSUM_BYTES + length);
      this.#digest.update(body);
      const pairs = decodeSnapshotChunk(body);
      if (last !== undefined && compareBytes(last, pairs[0]!.key) >= 0) {
        throw invalid('key', 'does not ascend');
      }
      last = copyBytes(pairs.at(-1)!.key);
      count += pairs.length;
      yield pairs;
    }
    await this.#finish(count);
  }

  /** What the sender authenticated. */
  get proof(): StateProof {
    const { digest, mac } = this.#trailer!;
    return { parts: [this.#preamble, digest], mac };
  }

  async #length(): Promise<number> {
    const bytes = await this.#source.take(SNAPSHOT_LENGTH_BYTES);
    const length = decodeSnapshotLength(bytes);
    if (length > 0) this.#digest.update(bytes);
    return length;
  }

  async #finish(count: number): Promise<void> {
    const trailer = decodeSnapshotTrailer(await this.#source.take(SNAPSHOT_TRAILER_BYTES));
    await this.#source.end();
    this.#digest.update(encodeSnapshotEnd(trailer.pairs));
    if (!equalBytes(this.#digest.done(), trailer.digest)) throw invalid('digest', 'differs');
    if (trailer.pairs !== count) throw invalid('pairs', `are ${count}, ${trailer.pairs} were announced`);
    this.#trailer = trailer;
  }
}

/**
 * The header of a stream whose first piece holds it whole; `undefined` where it does not. Lets a stream be
 * refused before the rest of it is taken.
 */
export function headerInPiece(piece: Uint8Array): SnapshotHeader | undefined {
  if (piece.length < SNAPSHOT_PREFIX_BYTES) return undefined;
  const end = SNAPSHOT_PREFIX_BYTES + decodeSnapshotPrefix(piece.subarray(0, SNAPSHOT_PREFIX_BYTES));
  return piece.length < end ? undefined : decodeSnapshotHeader(piece.subarray(SNAPSHOT_PREFIX_BYTES, end));
}

function invalid(field: string, problem: string): CaissonError {
  return new CaissonError('SNAPSHOT_INVALID', { field, problem });
}
