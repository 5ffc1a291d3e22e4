import { DecodeFault, invariant } from '@caisson/base';

/** JSON as files of Caisson use it: integers of any size without loss, no fractions, objects as maps. */
export type JsonValue =
  | bigint
  | string
  | boolean
  | null
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>;

const DEPTH_MAX = 16;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CONTROL_END = 0x20;
const SPACE = /[ \t\n\r]*/y;
const INTEGER = /(?:0|-?[1-9][0-9]{0,19})(?![0-9.eE])/y;
const WORD = /true|false|null/y;
const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Refuses with `DecodeFault` fractions, exponents, members named twice, deep nesting and trailing text. */
export function parseJson(text: string): JsonValue {
  const parser = new JsonParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

/**
 * The one text of a value: members sorted by their bytes, printable ASCII, no white space, or one member a
 * line when `indent` is given.
 */
export function printJson(value: JsonValue, indent = 0): string {
  return print(value, indent, '');
}

class JsonParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > DEPTH_MAX) throw this.#fault('is nested too deeply');
    this.#take(SPACE);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return this.#string();
    const integer = this.#take(INTEGER);
    if (integer !== undefined) return BigInt(integer);
    const word = this.#take(WORD);
    if (word !== undefined) return WORDS[word]!;
    throw this.#fault('has no value that is understood');
  }

  end(): void {
    this.#take(SPACE);
    if (this.#at !== this.#text.length) throw this.#fault('has trailing text');
  }

  #object(depth: number): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.#at++;
    if (this.#accepts('}')) return members;
    do {
      this.#take(SPACE);
      const name = this.#string();
      if (members.has(name)) throw this.#fault('names a member twice');
      if (!this.#accepts(':')) throw this.#fault('misses a colon');
      members.set(name, this.value(depth + 1));
    } while (this.#accepts(','));
    if (!this.#accepts('}')) throw this.#fault('misses a closing brace');
    return members;
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#at++;
    if (this.#accepts(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#accepts(','));
    if (!this.#accepts(']')) throw this.#fault('misses a closing bracket');
    return items;
  }

  #string(): string {
    const start = this.#at;
    if (this.#text.charCodeAt(start) !== QUOTE) throw this.#fault('misses a string');
    let end = start + 1;
    for (let code = 0; ; end++) {
      code = this.#text.charCodeAt(end);
      if (code === QUOTE) break;
      if (code === BACKSLASH) end++;
      else if (!(code >= CONTROL_END)) throw this.#fault('has a string that does not end');
    }
    this.#at = end + 1;
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      throw this.#fault('has a string with an undefined escape');
    }
  }

  #accepts(mark: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fault(problem: string): DecodeFault {
    return new DecodeFault('json', `${problem} at character ${this.#at}`);
  }
}

function print(value: JsonValue, indent: number, margin: string): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value === 'boolean') return String(value);
  const inner = margin + ' '.repeat(indent);
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).map((item) => print(item, indent, inner));
    return enclose('[', items, ']', { indent, margin });
  }
  const colon = indent > 0 ? ': ' : ':';
  const names = [...(value as ReadonlyMap<string, JsonValue>).keys()].sort(byBytes);
  const members = names.map((name) => {
    const member = (value as ReadonlyMap<string, JsonValue>).get(name)!;
    return quote(name) + colon + print(member, indent, inner);
  });
  return enclose('{', members, '}', { indent, margin });
}

function enclose(
  open: string,
  parts: readonly string[],
  close: string,
  { indent, margin }: { indent: number; margin: string },
): string {
  if (indent === 0 || parts.length === 0) return open + parts.join(',') + close;
  const inner = margin + ' '.repeat(indent);
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${margin}${close}`;
}

function quote(text: string): string {
  invariant('FMT-1', PRINTABLE_ASCII.test(text), 'text is printable ASCII');
  return JSON.stringify(text);
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
