import { fnv1a64, toUtf8 } from '@caisson/base';
import { SeededRandom } from '@caisson/compliance';
import { z } from 'zod';

/** A file as a composition names it: a text, or so many bytes of keys, drawn by the name of the file. */
export const OwnFile = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ keyBytes: z.number().int().min(16).max(65_536) }),
]);
export type OwnFile = z.infer<typeof OwnFile>;

/** The same on every machine of every cluster. */
export interface OwnFiles {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Every key in them, to be looked for where keys must not be. */
  readonly keys: readonly Uint8Array[];
}

export const NO_FILES: OwnFiles = { contents: new Map(), keys: [] };

const KEY_BYTES = 32;

export function ownFiles(files: Readonly<Record<string, OwnFile>>): OwnFiles {
  const contents = Object.entries(files).map(([path, file]) => [path, contentOf(path, file)] as const);
  const keys = contents.flatMap(([path, bytes]) => ('keyBytes' in files[path]! ? keysIn(bytes) : []));
  return { contents: new Map(contents), keys };
}

function contentOf(path: string, file: OwnFile): Uint8Array {
  if ('text' in file) return toUtf8(file.text);
  return new SeededRandom(Number(fnv1a64(toUtf8(path)) & 0xffff_ffffn)).bytes(file.keyBytes);
}

/** A file may hold several keys, one behind the other. */
function keysIn(bytes: Uint8Array): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / KEY_BYTES);
  return Array.from({ length: count }, (_, at) => bytes.slice(at * KEY_BYTES, (at + 1) * KEY_BYTES));
}
