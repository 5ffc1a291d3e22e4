import type { Compressor } from '@caisson/contracts';

const CHUNK_BYTES = 60;
const COPY_BYTES_MAX = 64;

/**
 * Snappy's block format read and written as its description says, without any thought of speed: literals, and
 * copies only where a byte repeats itself. A second opinion about what others write.
 */
export class PlainSnappy implements Compressor {
  readonly id: string = 'plain-snappy';

  compress(bytes: Uint8Array): Uint8Array {
    const stream = varint(bytes.length);
    for (let at = 0; at < bytes.length; ) {
      const run = at === 0 ? 0 : runLength(bytes, at);
      const size = run > 2 ? run : literalLength(bytes, at);
      if (run > 2) stream.push(((size - 1) << 2) | 2, 1, 0);
      else stream.push((size - 1) << 2, ...bytes.subarray(at, at + size));
      at += size;
    }
    return Uint8Array.from(stream);
  }

  decompress(compressed: Uint8Array, lengthMax: number): Uint8Array | undefined {
    const stream = [...compressed];
    const length = takeVarint(stream);
    if (length === undefined || length > lengthMax) return undefined;
    const bytes: number[] = [];
    while (stream.length > 0 && bytes.length <= length) {
      if (!takeElement(stream, bytes)) return undefined;
    }
    return bytes.length === length ? Uint8Array.from(bytes) : undefined;
  }
}

/** How often the byte before goes on. */
function runLength(bytes: Uint8Array, at: number): number {
  let length = 0;
  while (length < COPY_BYTES_MAX && at + length < bytes.length && bytes[at + length] === bytes[at - 1]) {
    length++;
  }
  return length;
}

function literalLength(bytes: Uint8Array, at: number): number {
  let length = 1;
  while (length < CHUNK_BYTES && at + length < bytes.length && runLength(bytes, at + length) < 3) length++;
  return length;
}

/** One literal or copy; `false` for what is neither. */
function takeElement(stream: number[], bytes: number[]): boolean {
  const tag = stream.shift()!;
  const kind = tag & 3;
  if (kind === 0) {
    const own = Math.max(0, (tag >>> 2) - 59);
    const size = own === 0 ? (tag >>> 2) + 1 : takeNumber(stream, own) + 1;
    if (!(size <= stream.length)) return false;
    for (const byte of stream.splice(0, size)) bytes.push(byte);
    return true;
  }
  const number = takeNumber(stream, [0, 1, 2, 4][kind]!);
  const offset = kind === 1 ? (tag >>> 5) * 256 + number : number;
  const size = kind === 1 ? 4 + ((tag >>> 2) % 8) : (tag >>> 2) + 1;
  if (!(offset > 0 && offset <= bytes.length)) return false;
  for (let left = size; left > 0; left--) bytes.push(bytes[bytes.length - offset]!);
  return true;
}

/** Little endian; `NaN` where the stream ends before. */
function takeNumber(stream: number[], count: number): number {
  if (stream.length < count) return NaN;
  return stream.splice(0, count).reduce((sum, byte, at) => sum + byte * 256 ** at, 0);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))];
}

function takeVarint(stream: number[]): number | undefined {
  let value = 0;
  for (let at = 0; at < 5; at++) {
    const byte = stream.shift();
    if (byte === undefined) return undefined;
    value += (byte % 0x80) * 0x80 ** at;
    if (byte < 0x80) return value < 2 ** 32 ? value : undefined;
  }
  return undefined;
}
