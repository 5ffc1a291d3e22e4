/**
 * The script language: blocks of a directive, optional input, a line of four dashes, and the expected
 * output up to a blank line. Lines starting with `#` between blocks are comments.
 */

export interface Argument {
  readonly key: string;
  /** Empty for a bare key. */
  readonly values: readonly string[];
}

export interface Block {
  readonly command: string;
  readonly arguments: readonly Argument[];
  readonly input: string;
  readonly expected: string;
  /** The directive as written, and its line number from 1. */
  readonly text: string;
  readonly line: number;
  /** Line numbers from 0: the first expected line, and the first line after the expected ones. */
  readonly expectedFrom: number;
  readonly expectedTo: number;
}

const SEPARATOR = '----';
const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === '';

export function parseScript(text: string): Block[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const trimmed = lines[at]!.trim();
    if (trimmed === '' || trimmed.startsWith('#')) {
      at++;
      continue;
    }
    const { block, next } = parseBlock(lines, at);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function parseBlock(lines: readonly string[], start: number): { block: Block; next: number } {
  let at = start;
  let directive = lines[at++]!.trim();
  while (directive.endsWith('\\') && at < lines.length) {
    directive = `${directive.slice(0, -1).trimEnd()} ${lines[at++]!.trim()}`;
  }
  const inputFrom = at;
  while (at < lines.length && lines[at] !== SEPARATOR) at++;
  const input = lines.slice(inputFrom, at).join('\n').trim();
  const { expectedFrom, expectedTo, next } = findExpected(lines, at + 1);
  const expected = lines.slice(expectedFrom, expectedTo).map((line) => `${line}\n`);
  const block = {
    ...parseDirective(directive),
    input,
    expected: expected.join(''),
    text: directive,
    line: start + 1,
    expectedFrom,
    expectedTo,
  };
  return { block, next };
}

function findExpected(
  lines: readonly string[],
  from: number,
): { expectedFrom: number; expectedTo: number; next: number } {
  if (lines[from] !== SEPARATOR) {
    let end = from;
    while (!isBlank(lines[end])) end++;
    return { expectedFrom: Math.min(from, lines.length), expectedTo: end, next: end };
  }
  let end = from + 1;
  while (end < lines.length && !(lines[end] === SEPARATOR && lines[end + 1] === SEPARATOR)) end++;
  return { expectedFrom: from + 1, expectedTo: end, next: end + 2 };
}

function parseDirective(directive: string): { command: string; arguments: Argument[] } {
  const [command = '', ...rest] = directive.split(' ');
  return { command, arguments: parseArguments(rest.join(' ')) };
}

export function parseArguments(text: string): Argument[] {
  const found: Argument[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] === ' ') {
      at++;
      continue;
    }
    const key = /^[^ =]*/.exec(text.slice(at))![0];
    at += key.length;
    if (text[at] !== '=') {
      found.push({ key, values: [] });
      continue;
    }
    const { values, length } = parseValues(text.slice(at + 1));
    found.push({ key, values });
    at += 1 + length;
  }
  return found;
}

function parseValues(text: string): { values: string[]; length: number } {
  if (!text.startsWith('(')) {
    const value = /^[^ ]*/.exec(text)![0];
    return { values: [value], length: value.length };
  }
  const values: string[] = [];
  let depth = 0;
  let from = 1;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '(') depth++;
    if (char === ')') depth--;
    const isEnd = depth === 0;
    if (!isEnd && !(char === ',' && depth === 1)) continue;
    values.push(text.slice(from, at).trim());
    if (isEnd) return { values: values.length === 1 && values[0] === '' ? [] : values, length: at + 1 };
    from = at + 1;
  }
  return { values, length: text.length };
}
