import { copyBytes, EMPTY_BYTES } from './bytes.js';

/**
 * Why a byte string was refused. Decoders turn it into the typed error of their layer; it never carries the
 * bytes themselves.
 */
export class DecodeFault extends Error {
  override readonly name = 'DecodeFault';

  constructor(
    readonly field: string,
    readonly problem: string,
  ) {
    super(`${field}: ${problem}`);
  }
}

/** Where numbers of eight bytes take their form: a view for each string would cost more than the string. */
const SCRATCH = new Uint8Array(8);
const SCRATCH_VIEW = new DataView(SCRATCH.buffer);

/** Builds one byte string. Numbers are big endian unless the method's name says otherwise. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#claim(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#claim(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u32(value: number): this {
    this.#putU32(this.#claim(4), value);
    return this;
  }

  u64(value: bigint): this {
    SCRATCH_VIEW.setBigUint64(0, value);
    return this.bytes(SCRATCH);
  }

  u64le(value: bigint): this {
    SCRATCH_VIEW.setBigUint64(0, value, true);
    return this.bytes(SCRATCH);
  }

  /** A u64 whose value is a safe integer, such as a log index. */
  index(value: number): this {
    const at = this.#claim(8);
    this.#putU32(at, Math.floor(value / 0x1_0000_0000));
    this.#putU32(at + 4, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#claim(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** `length u32 ‖ bytes`. */
  block(value: Uint8Array): this {
    return this.u32(value.length).bytes(value);
  }

  /**
   * The bytes written so far. The writer may go on, which leaves them as they are: they are a copy, or just
   * fill the memory that it started with, and what comes next needs more.
   */
  done(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }

  #claim(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#length = needed;
    return at;
  }

  #putU32(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }
}

/**
 * Reads one byte string from front to back. Every read names its field; reading past the end throws
 * `DecodeFault` before anything is allocated.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(field: string): number {
    return this.#bytes[this.#take(1, field)]!;
  }

  u16(field: string): number {
    const at = this.#take(2, field);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  u32(field: string): number {
    return this.#u32At(this.#take(4, field));
  }

  u64(field: string): bigint {
    return this.#eight(field).getBigUint64(0);
  }

  u64le(field: string): bigint {
    return this.#eight(field).getBigUint64(0, true);
  }

  /** A u64 that must be a safe integer, such as a log index. */
  index(field: string): number {
    const at = this.#take(8, field);
    const value = this.#u32At(at) * 0x1_0000_0000 + this.#u32At(at + 4);
    if (!Number.isSafeInteger(value)) throw new DecodeFault(field, 'is above 2^53 - 1');
    return value;
  }

  /** A copy: the result stays valid when the source is reused. */
  bytes(length: number, field: string): Uint8Array {
    return copyBytes(this.view(length, field));
  }

  /** A window into the source, for callers who own it. */
  view(length: number, field: string): Uint8Array {
    const at = this.#take(length, field);
    return length === 0 ? EMPTY_BYTES : this.#bytes.subarray(at, at + length);
  }

  /** `length u32 ‖ bytes`, refused when longer than `maxBytes`. A copy. */
  block(maxBytes: number, field: string): Uint8Array {
    const length = this.u32(field);
    if (length > maxBytes) throw new DecodeFault(field, `is ${length} bytes long, the limit is ${maxBytes}`);
    return this.bytes(length, field);
  }

  /** Everything that is left. A copy. */
  rest(): Uint8Array {
    return this.bytes(this.remaining, 'rest');
  }

  /** Refuses trailing bytes. */
  end(): void {
    if (this.remaining !== 0) throw new DecodeFault('end', `${this.remaining} trailing bytes`);
  }

  #u32At(at: number): number {
    const bytes = this.#bytes;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  #eight(field: string): DataView {
    const at = this.#take(8, field);
    for (let byte = 0; byte < 8; byte++) SCRATCH[byte] = this.#bytes[at + byte]!;
    return SCRATCH_VIEW;
  }

  #take(length: number, field: string): number {
    if (length > this.remaining) {
      throw new DecodeFault(field, `needs ${length} bytes, ${this.remaining} are left`);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
