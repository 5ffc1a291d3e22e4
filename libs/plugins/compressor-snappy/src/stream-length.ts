const VARINT_BYTES_MAX = 5;
const U32_RANGE = 0x1_0000_0000;
const LITERAL = 0;
const COPY_BYTES = [0, 1, 2, 4];
/** Longer literals have their length in 1 to 4 bytes of their own. */
const SHORT_LITERAL_MAX = 60;

interface Stated {
  readonly length: number;
  /** Where the elements begin. */
  readonly from: number;
}

/**
 * How many bytes a stream of Snappy's block format comes to; `undefined` unless its elements, walked from the
 * first to the last, come to exactly what it states in front, each copy from what was there before.
 *
 * The library neither notices a stream that ends early, and leaves zeros, nor one that goes on. Walking costs
 * little beside copying, and takes no memory.
 */
export function streamLength(bytes: Uint8Array): number | undefined {
  const stated = statedLength(bytes);
  if (stated === undefined) return undefined;
  let at = stated.from;
  let length = 0;
  while (at < bytes.length) {
    const tag = bytes[at]!;
    const isLiteral = (tag & 3) === LITERAL;
    const extra = isLiteral ? Math.max(0, (tag >>> 2) + 1 - SHORT_LITERAL_MAX) : COPY_BYTES[tag & 3]!;
    if (at + extra >= bytes.length) return undefined;
    const number = littleEndian(bytes, at + 1, extra);
    const size = isLiteral ? 1 + (extra > 0 ? number : tag >>> 2) : copied(tag);
    if (!isLiteral && !isWithin(offsetOf(tag, number), length)) return undefined;
    at += 1 + extra + (isLiteral ? size : 0);
    length += size;
    if (at > bytes.length || length > stated.length) return undefined;
  }
  return length === stated.length ? length : undefined;
}

function copied(tag: number): number {
  return (tag & 3) === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
}

function offsetOf(tag: number, number: number): number {
  return (tag & 3) === 1 ? ((tag >>> 5) << 8) | number : number;
}

function isWithin(offset: number, length: number): boolean {
  return offset > 0 && offset <= length;
}

function statedLength(bytes: Uint8Array): Stated | undefined {
  let length = 0;
  for (let at = 0; at < Math.min(bytes.length, VARINT_BYTES_MAX); at++) {
    length += (bytes[at]! & 0x7f) * 2 ** (7 * at);
    if (bytes[at]! < 0x80) return length < U32_RANGE ? { length, from: at + 1 } : undefined;
  }
  return undefined;
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let number = 0;
  for (let byte = count - 1; byte >= 0; byte--) number = number * 256 + bytes[at + byte]!;
  return number;
}
