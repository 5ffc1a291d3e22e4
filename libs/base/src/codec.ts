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

/** Builds one byte string. Numbers are big endian unless the method's name says otherwise. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#claim(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#claim(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#claim(4);
    this.#view.setUint32(at, value);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#claim(8);
    this.#view.setBigUint64(at, value);
    return this;
  }

  u64le(value: bigint): this {
    const at = this.#claim(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  /** A u64 whose value is a safe integer, such as a log index. */
  index(value: number): this {
    const at = this.#claim(8);
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
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

  /** The bytes written so far, in memory of their own. The writer may go on. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #claim(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }
}

/**
 * Reads one byte string from front to back. Every read names its field; reading past the end throws
 * `DecodeFault` before anything is allocated.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field));
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field));
  }

  u64le(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field), true);
  }

  /** A u64 that must be a safe integer, such as a log index. */
  index(field: string): number {
    const at = this.#take(8, field);
    const value = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
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

  #take(length: number, field: string): number {
    if (length > this.remaining) {
      throw new DecodeFault(field, `needs ${length} bytes, ${this.remaining} are left`);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
