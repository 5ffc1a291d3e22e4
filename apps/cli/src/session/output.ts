import { toHex } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import { toText } from '@caisson/client';
import Table from 'cli-table3';

/** Where a command writes: results to `out`, everything for people beside them to `notes`. */
export interface Output {
  readonly json: boolean;
  out(text: string | Uint8Array): void;
  notes(text: string): void;
  /** Whether a person looks at the notes, so that they may be redrawn. */
  readonly interactive: boolean;
}

export function processOutput(json: boolean): Output {
  return {
    json,
    out: (text) => void process.stdout.write(text),
    notes: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
  };
}

/**
 * One JSON document on one line; integers that JSON cannot hold become decimal strings, bytes become
 * base64.
 */
export function printJson(output: Output, value: unknown): void {
  output.out(`${toJson(value)}\n`);
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => {
    if (typeof field === 'bigint') return field.toString();
    if (field instanceof Map) return Object.fromEntries(field);
    return field;
  });
}

export function printTable(
  output: Output,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const plain = { head: [], border: [] };
  const table = new Table({ head: [...head], style: process.stdout.isTTY ? {} : plain });
  table.push(...rows.map((row) => [...row]));
  output.out(`${table.toString()}\n`);
}

/** Bytes as a JSON field: text where that is the same bytes, else base64 under `<name>Base64`. */
export function bytesField(name: string, bytes: Uint8Array): Record<string, string> {
  const text = toText(bytes);
  if (text !== undefined) return { [name]: text };
  return { [`${name}Base64`]: Buffer.from(bytes).toString('base64') };
}

/** Bytes for a terminal: text where it is printable, else `0x…`. Never lets control characters through. */
export function printable(bytes: Uint8Array): string {
  const text = toText(bytes);
  return text !== undefined && !/\p{Cc}/u.test(text) ? text : `0x${toHex(bytes)}`;
}

export type Encoding = 'utf8' | 'hex' | 'base64';

/** An argument as bytes. `INVALID_ARGUMENT` names the argument when it is not of its encoding. */
export function parseBytes(text: string, encoding: Encoding, field: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(text, encoding));
  const back = Buffer.from(bytes).toString(encoding);
  const same =
    encoding === 'hex' ? back === text.toLowerCase() : encoding === 'utf8' || base64Equal(back, text);
  if (same) return bytes;
  throw new CaissonError('INVALID_ARGUMENT', { field, limit: encoding });
}

function base64Equal(a: string, b: string): boolean {
  return a.replace(/=+$/, '') === b.replace(/=+$/, '');
}
