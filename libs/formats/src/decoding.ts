import { ByteReader, DecodeFault, invariant } from '@caisson/base';
import { CaissonError, type ErrorCode } from '@caisson/contracts';

/**
 * Reads the whole of `bytes` with `read`; whatever does not fit the layout, trailing bytes included, becomes
 * one operating error of `code` that names the field and never quotes the bytes.
 */
export function decodeAll<T>(code: ErrorCode, bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  try {
    const reader = new ByteReader(bytes);
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    throw refusal(code, error);
  }
}

/**
 * The operating error for a `DecodeFault`; anything else is not ours to translate and comes back as it is.
 */
export function refusal(code: ErrorCode, error: unknown): unknown {
  return error instanceof DecodeFault ? malformed(code, error.field, error.problem) : error;
}

/** The operating error of one refused field. */
export function malformed(code: ErrorCode, field: string, problem: string): CaissonError {
  return new CaissonError(code, { field, problem });
}

/** Refuses `value` unless it is `expected`. For versions, kinds and reserved bytes. */
export function expectByte(reader: ByteReader, expected: number, field: string): void {
  const value = reader.u8(field);
  if (value !== expected) throw new DecodeFault(field, `is ${value}, expected ${expected}`);
}

/** A flags byte of which only the bits of `known` may be set. */
export function readFlags(reader: ByteReader, known: number, field: string): number {
  const value = reader.u8(field);
  if ((value & ~known) !== 0) throw new DecodeFault(field, `has undefined bits set: ${value}`);
  return value;
}

/**
 * A u32 count of items of at least `itemBytes` each. A count that the remaining bytes cannot hold is refused
 * before anything is allocated for it.
 */
export function readCount(reader: ByteReader, itemBytes: number, field: string): number {
  const count = reader.u32(field);
  if (count * itemBytes > reader.remaining) {
    throw new DecodeFault(field, `announces ${count} items, ${reader.remaining} bytes are left`);
  }
  return count;
}

/**
 * `length u32 ‖ bytes`, a copy. The announced length is checked against what is left before it is allocated.
 */
export function readBlock(reader: ByteReader, field: string): Uint8Array {
  return reader.bytes(reader.u32(field), field);
}

/**
 * The count of a list whose presence a flag announced: an empty one would be a second encoding of the same.
 */
export function readAnnouncedCount(reader: ByteReader, itemBytes: number, field: string): number {
  const count = readCount(reader, itemBytes, field);
  if (count === 0) throw new DecodeFault(field, 'is announced and empty');
  return count;
}

/** Encoders do not truncate: a number that does not fit its field is a bug of the caller. */
export function fits(value: number, bits: 8 | 16 | 32, field: string): number {
  invariant('FMT-1', Number.isInteger(value) && value >= 0 && value < 2 ** bits, field);
  return value;
}

/** As `fits`, for a u64. */
export function fits64(value: bigint, field: string): bigint {
  invariant('FMT-1', value >= 0n && value <= 0xffff_ffff_ffff_ffffn, field);
  return value;
}

/** As `fits`, for a log index or term. */
export function fitsIndex(value: number, field: string): number {
  invariant('FMT-1', Number.isSafeInteger(value) && value >= 0, field);
  return value;
}

/** As `fits`, for a byte string of fixed length. */
export function fitsBytes(value: Uint8Array, length: number, field: string): Uint8Array {
  invariant('FMT-1', value.length === length, field);
  return value;
}
