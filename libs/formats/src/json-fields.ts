import { DecodeFault, fromHex } from '@caisson/base';
import { fromBase64 } from './base64.js';
import type { JsonValue } from './json.js';

const U16_MAX = 0xffffn;
const U32_MAX = 0xffff_ffffn;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
const INDEX_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;
const LOWER_HEX = /^[0-9a-f]*$/;

/**
 * Reads the members of one JSON object by name and type. A missing, mistyped or unknown member is a
 * `DecodeFault` that names its path, never its content.
 */
export class JsonFields {
  readonly #members: ReadonlyMap<string, JsonValue>;
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(value: JsonValue, path: string) {
    if (!(value instanceof Map)) throw new DecodeFault(path, 'is not an object');
    this.#members = value as ReadonlyMap<string, JsonValue>;
    this.#path = path;
  }

  integer(name: string): bigint {
    const value = this.#take(name);
    if (typeof value !== 'bigint') throw this.#fault(name, 'is not an integer');
    return value;
  }

  u16(name: string): number {
    return Number(this.#bounded(name, U16_MAX));
  }

  u32(name: string): number {
    return Number(this.#bounded(name, U32_MAX));
  }

  u64(name: string): bigint {
    return this.#bounded(name, U64_MAX);
  }

  /** A u64 that must be a safe integer. */
  index(name: string): number {
    return Number(this.#bounded(name, INDEX_MAX));
  }

  boolean(name: string): boolean {
    const value = this.#take(name);
    if (typeof value !== 'boolean') throw this.#fault(name, 'is not a boolean');
    return value;
  }

  word<const T extends string>(name: string, words: readonly T[]): T {
    const value = this.#string(name);
    const known = words.find((word) => word === value);
    if (known === undefined) throw this.#fault(name, `is none of ${words.join(', ')}`);
    return known;
  }

  /** Lower-case hex of exactly `length` bytes. */
  hex(name: string, length: number): Uint8Array {
    const text = this.#string(name);
    const bytes = LOWER_HEX.test(text) ? fromHex(text) : undefined;
    if (bytes?.length !== length) throw this.#fault(name, `is not lower-case hex of ${length} bytes`);
    return bytes;
  }

  base64(name: string, bytesMax: number): Uint8Array {
    const text = this.#string(name);
    if (text.length > Math.ceil(bytesMax / 3) * 4) throw this.#fault(name, `exceeds ${bytesMax} bytes`);
    const bytes = fromBase64(text);
    if (bytes === undefined || bytes.length > bytesMax)
      throw this.#fault(name, 'is not base64 within its limit');
    return bytes;
  }

  object(name: string): JsonFields {
    return new JsonFields(this.#take(name), `${this.#path}.${name}`);
  }

  /** An object whose member names are decimal ids up to `idMax`. */
  records<T>(name: string, idMax: number, read: (fields: JsonFields) => T): ReadonlyMap<number, T> {
    const path = `${this.#path}.${name}`;
    const value = this.#take(name);
    if (!(value instanceof Map)) throw new DecodeFault(path, 'is not an object');
    const records = new Map<number, T>();
    for (const [text, member] of value as ReadonlyMap<string, JsonValue>) {
      const id = Number(text);
      if (!DECIMAL.test(text) || id > idMax) throw new DecodeFault(path, 'has a member that is no id');
      records.set(id, read(new JsonFields(member, `${path}.${text}`)));
    }
    return records;
  }

  /** Refuses members that were never asked for. */
  end(): void {
    for (const name of this.#members.keys()) {
      if (!this.#read.has(name)) throw new DecodeFault(this.#path, 'has a member that is not known');
    }
  }

  #take(name: string): JsonValue {
    const value = this.#members.get(name);
    if (value === undefined) throw this.#fault(name, 'is missing');
    this.#read.add(name);
    return value;
  }

  #string(name: string): string {
    const value = this.#take(name);
    if (typeof value !== 'string') throw this.#fault(name, 'is not a string');
    return value;
  }

  #bounded(name: string, max: bigint): bigint {
    const value = this.integer(name);
    if (value < 0n || value > max) throw this.#fault(name, 'is out of range');
    return value;
  }

  #fault(name: string, problem: string): DecodeFault {
    return new DecodeFault(`${this.#path}.${name}`, problem);
  }
}
