import type { NodeId } from '../message/entry.js';
import type { ConfChangeKind, ConfChangeStep } from '../message/conf-change.js';
import type { Block } from './script.js';

/** A mistake in a script, or an error that the script may expect: its text becomes the output. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** Typed access to a block's arguments. */
export class Directive {
  constructor(readonly block: Block) {}

  get input(): string {
    return this.block.input;
  }

  has(key: string): boolean {
    return this.block.arguments.some((argument) => argument.key === key);
  }

  values(key: string): readonly string[] {
    return this.block.arguments.find((argument) => argument.key === key)?.values ?? [];
  }

  text(key: string): string | undefined {
    return this.values(key)[0];
  }

  flag(key: string): boolean | undefined {
    const text = this.text(key);
    if (text !== undefined && text !== 'true' && text !== 'false')
      throw new ScriptError(`${key} is no boolean`);
    return text === undefined ? undefined : text === 'true';
  }

  number(key: string): number | undefined {
    const text = this.text(key);
    return text === undefined ? undefined : parseNumber(text);
  }

  ids(key: string): NodeId[] {
    return this.values(key).map(parseNumber);
  }

  /** Arguments without a value. */
  get bare(): string[] {
    return this.block.arguments.filter(({ values }) => values.length === 0).map(({ key }) => key);
  }

  get bareIds(): NodeId[] {
    return this.bare.map(parseNumber);
  }

  /** The bare argument at a place, as a number. */
  id(at = 0): NodeId {
    return parseNumber(this.bare[at] ?? '');
  }
}

export function parseNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new ScriptError(`no number: ${text}`);
  return Number(text);
}

const KINDS: Readonly<Record<string, ConfChangeKind>> = {
  v: 'add-voter',
  l: 'add-learner',
  r: 'remove',
  u: 'update',
};

/** Tokens such as `v1 l2 r3 u4`. */
export function parseSteps(input: string): ConfChangeStep[] {
  const tokens = input.split(/\s+/).filter((token) => token !== '');
  return tokens.map((token) => {
    const kind = KINDS[token[0]!];
    if (kind === undefined) throw new ScriptError(`unknown input: ${token}`);
    return { kind, id: parseNumber(token.slice(1)) };
  });
}
