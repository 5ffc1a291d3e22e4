/**
 * As much of the protobuf wire form as a few small messages of bytes and integers need: a message is a list
 * of numbered fields, each an integer or a run of bytes.
 */
export type WireValue = Uint8Array | bigint;

const INTEGER = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** Fields in the order given. Integers that are zero and empty bytes are left out, as readers assume them. */
export function encodeFields(fields: readonly (readonly [field: number, value: WireValue])[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const [field, value] of fields) {
    if (typeof value === 'bigint') {
      if (value !== 0n) parts.push(varint(BigInt((field << 3) | INTEGER)), varint(value));
    } else if (value.length > 0) {
      parts.push(varint(BigInt((field << 3) | BYTES)), varint(BigInt(value.length)), value);
    }
  }
  return Buffer.concat(parts);
}

/** The last value of each field; fields of other kinds are passed over. */
export function decodeFields(bytes: Uint8Array): ReadonlyMap<number, WireValue> {
  const fields = new Map<number, WireValue>();
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const tag = Number(reader.varint());
    const [field, kind] = [tag >>> 3, tag & 7];
    if (kind === INTEGER) fields.set(field, reader.varint());
    else if (kind === BYTES) fields.set(field, reader.bytes(Number(reader.varint())));
    else if (kind === FIXED_64) reader.bytes(8);
    else if (kind === FIXED_32) reader.bytes(4);
    else throw new RangeError(`a field of kind ${kind}`);
  }
  return fields;
}

class WireReader {
  #at = 0;

  constructor(private readonly source: Uint8Array) {}

  get done(): boolean {
    return this.#at >= this.source.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.source.length) throw new RangeError('a message that ends too early');
    const found = this.source.subarray(this.#at, end);
    this.#at = end;
    return found;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
