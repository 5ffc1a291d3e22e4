import { CaissonError } from '@caisson/contracts';
import { readFile } from 'node:fs/promises';

/** Shorter ones occur by chance. */
const NEEDLE_BYTES_MIN = 6;

export interface Needle {
  /** Line of the file of needles: it is named by this and never shown. */
  readonly line: number;
  readonly bytes: Buffer;
}

/** One needle a line: text as it stands, or `hex:` and digits. Empty lines are passed over. */
export async function readNeedles(path: string): Promise<readonly Needle[]> {
  const lines = (await readFile(path, 'utf8').catch(() => refuse(path))).split('\n');
  return lines.flatMap((text, at) => {
    const line = text.replace(/\r$/, '');
    if (line === '') return [];
    const bytes = line.startsWith('hex:') ? Buffer.from(line.slice(4), 'hex') : Buffer.from(line);
    if (bytes.length >= NEEDLE_BYTES_MIN) return [{ line: at + 1, bytes }];
    const limit = `at least ${NEEDLE_BYTES_MIN} bytes in line ${at + 1}`;
    throw new CaissonError('INVALID_ARGUMENT', { field: 'needle-file', limit });
  });
}

function refuse(path: string): never {
  throw new CaissonError('INVALID_ARGUMENT', {
    field: 'needle-file',
    limit: 'a file that can be read',
    path,
  });
}

/** How often each needle stands in bytes that arrive in pieces, also across their borders. */
export class NeedleSearch {
  readonly #needles: readonly Needle[];
  readonly #longest: number;
  #tail: Buffer = Buffer.alloc(0);
  readonly hits = new Map<number, number>();

  constructor(needles: readonly Needle[]) {
    this.#needles = needles;
    this.#longest = Math.max(0, ...needles.map(({ bytes }) => bytes.length));
  }

  take(piece: Buffer): void {
    if (this.#needles.length === 0) return;
    const text = Buffer.concat([this.#tail, piece]);
    for (const { line, bytes } of this.#needles) {
      // What lies in the tail alone was counted with the piece before.
      const from = Math.max(0, this.#tail.length - bytes.length + 1);
      for (let at = text.indexOf(bytes, from); at >= 0; at = text.indexOf(bytes, at + 1))
        this.hits.set(line, (this.hits.get(line) ?? 0) + 1);
    }
    this.#tail = Buffer.from(text.subarray(Math.max(0, text.length - this.#longest + 1)));
  }
}
