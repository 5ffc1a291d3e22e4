import { crc32c } from '@caisson/base';
import type { ErrorCode } from '@caisson/contracts';

/** One decoder under fire. */
export interface Subject {
  readonly name: string;
  /** Valid encodings, from which hostile ones are made. */
  readonly seeds: readonly Uint8Array[];
  readonly decode: (input: Uint8Array) => unknown;
  /** The inverse; absent for a decoder whose result no longer says everything. */
  readonly encode?: (value: unknown) => Uint8Array;
  /** The codes with which it may refuse. */
  readonly codes: readonly ErrorCode[];
  /** Whether one value has several encodings: then only what is written must be read back the same. */
  readonly manyForms: boolean;
  /** Makes the checksum of an input right again, so that what is behind it is reached. */
  readonly mend?: (input: Uint8Array) => Uint8Array;
  /** Names under which `@caisson/formats` exports what is tried here. */
  readonly covers: readonly string[];
}

interface Codec<T> {
  readonly name: string;
  readonly code: ErrorCode | readonly ErrorCode[];
  readonly values: readonly T[];
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (input: Uint8Array) => T;
  readonly manyForms?: boolean;
  readonly covers?: readonly string[];
  readonly mend?: Subject['mend'];
}

/** A decoder with its inverse, and values worth beginning with. */
export function codec<T>(parts: Codec<T>): Subject {
  const { name, code, values, encode, decode, manyForms = false, covers = [decode.name], mend } = parts;
  return {
    name,
    seeds: values.map(encode),
    decode,
    encode: (value) => encode(value as T),
    codes: typeof code === 'string' ? [code] : code,
    manyForms,
    covers,
    ...(mend && { mend }),
  };
}

/** A decoder that looks at a part, or makes something that cannot be encoded again. */
export function reader(parts: Omit<Subject, 'manyForms' | 'encode'>): Subject {
  return { ...parts, manyForms: false };
}

/** So many bytes that are not all alike. */
export function sample(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (first + at * 7) & 0xff);
}

/** For layouts that end with the CRC-32C of everything before. */
export function checksumAtEnd(input: Uint8Array): Uint8Array {
  return withChecksum(input, input.length - 4, input.subarray(0, -4));
}

/** For layouts that begin with the CRC-32C of everything behind. */
export function checksumAtStart(input: Uint8Array): Uint8Array {
  return withChecksum(input, 0, input.subarray(4));
}

function withChecksum(input: Uint8Array, at: number, covered: Uint8Array): Uint8Array {
  if (input.length < 4) return input;
  const mended = new Uint8Array(input);
  new DataView(mended.buffer).setUint32(at, crc32c(covered));
  return mended;
}
