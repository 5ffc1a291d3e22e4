import { equalBytes, fromHex, toHex } from '@caisson/base';

/** What a file of vectors came to. */
export interface Verdict {
  readonly ok: number;
  readonly bad: number;
  /** One line for each bad check: where, and what is wrong. */
  readonly mismatches: readonly string[];
}

/** Counts checks. A check that throws is a bad one: vectors are input, whatever they hold. */
export class Tally {
  #ok = 0;
  readonly #mismatches: string[] = [];

  get verdict(): Verdict {
    return { ok: this.#ok, bad: this.#mismatches.length, mismatches: [...this.#mismatches] };
  }

  bad(where: string, problem: string): void {
    this.#mismatches.push(`${where}: ${problem}`);
  }

  /** Good if `actual` gives the expected bytes, number or text. */
  expect(where: string, expected: Expected, actual: () => Expected): void {
    const found = this.attempt(where, actual);
    if (found === undefined) return;
    if (same(expected, found)) this.#ok++;
    else this.bad(where, `expected ${show(expected)}, computed ${show(found)}`);
  }

  /** Runs code that may refuse; a refusal is a bad check. */
  attempt<T>(where: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.bad(where, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}

export type Expected = Uint8Array | bigint | number | boolean;

/** Why a field of the file cannot be used. */
class VectorProblem extends Error {}

/** One object of a vector file, read strictly: every field must be there, be used, and have its type. */
export class VectorFields {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #used = new Set(['note']);

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new VectorProblem('is not an object');
    }
    this.#members = value as Readonly<Record<string, unknown>>;
  }

  get names(): readonly string[] {
    return Object.keys(this.#members);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name);
  }

  raw(name: string): unknown {
    if (!this.has(name)) throw new VectorProblem(`misses ${name}`);
    this.#used.add(name);
    return this.#members[name];
  }

  object(name: string): VectorFields {
    return new VectorFields(this.raw(name));
  }

  list(name: string): readonly VectorFields[] {
    const value = this.raw(name);
    if (!Array.isArray(value)) throw new VectorProblem(`${name} is not a list`);
    return value.map((item: unknown) => new VectorFields(item));
  }

  text(name: string): string {
    const value = this.raw(name);
    if (typeof value !== 'string') throw new VectorProblem(`${name} is not a text`);
    return value;
  }

  word<const T extends string>(name: string, words: readonly T[]): T {
    const known = words.find((word) => word === this.text(name));
    if (known === undefined) throw new VectorProblem(`${name} is none of ${words.join(', ')}`);
    return known;
  }

  hex(name: string): Uint8Array {
    const bytes = fromHex(this.text(name));
    if (bytes === undefined) throw new VectorProblem(`${name} is not hex`);
    return bytes;
  }

  number(name: string): number {
    const value = this.raw(name);
    if (!Number.isSafeInteger(value)) throw new VectorProblem(`${name} is not an integer`);
    return value as number;
  }

  /** A u64 as a decimal text. */
  u64(name: string): bigint {
    const value = this.text(name);
    if (!/^(?:0|[1-9][0-9]{0,19})$/.test(value)) throw new VectorProblem(`${name} is not a decimal u64`);
    return BigInt(value);
  }

  /** Refuses fields nobody looked at: they would be claims that were never checked. */
  end(): void {
    const unused = this.names.filter((name) => !this.#used.has(name));
    if (unused.length > 0) throw new VectorProblem(`has fields that are not known: ${unused.join(', ')}`);
  }
}

function same(a: Expected, b: Expected): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : a === b;
}

function show(value: Expected): string {
  return value instanceof Uint8Array ? `hex ${toHex(value)}` : String(value);
}
