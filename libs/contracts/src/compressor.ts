import { slot } from './token.js';

/**
 * Makes values smaller before they are sealed; what is sealed cannot be made smaller any more.
 *
 * Synchronous, because apply is. The bytes are Snappy's block format, whoever implements this: the envelope
 * has one bit for "compressed" and none for "how", and what one build wrote the next one must read. How well
 * an implementation compresses is its own affair, and may differ from replica to replica.
 */
export interface Compressor {
  readonly id: string;
  /** In fresh memory, which nobody else keeps. May be longer than what came in; callers then do without. */
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * The bytes behind `compressed` in fresh memory, or `undefined` for what is no such stream, for one that
   * states another length than it has, and for one of more than `lengthMax` bytes. All of it is found out
   * before memory is taken for the answer.
   */
  decompress(compressed: Uint8Array, lengthMax: number): Uint8Array | undefined;
}

export const Compressor = slot<Compressor>('Compressor');
