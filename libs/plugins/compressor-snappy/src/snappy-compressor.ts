import type { Compressor } from '@caisson/contracts';
import snappy from 'snappyjs';
import { streamLength } from './stream-length.js';

/** Snappy in plain JavaScript: nothing to build, and the same on every platform. */
export class SnappyCompressor implements Compressor {
  readonly id = 'snappy';

  compress(bytes: Uint8Array): Uint8Array {
    return snappy.compress(plain(bytes));
  }

  decompress(compressed: Uint8Array, lengthMax: number): Uint8Array | undefined {
    const length = streamLength(compressed);
    if (length === undefined || length > lengthMax) return undefined;
    return snappy.uncompress(plain(compressed), length);
  }
}

/** The library answers a `Buffer` with a slice that shares the memory of a larger one. */
function plain(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
