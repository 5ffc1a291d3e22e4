import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** Real text that is already on the machine, line by line. */
export interface Corpus {
  readonly name: string;
  readonly lines: readonly string[];
}

interface Candidate {
  readonly name: string;
  files(): Promise<readonly string[]>;
}

const CANDIDATES: readonly Candidate[] = [
  {
    name: 'file lists of the package manager',
    files: async () => filesIn('/var/lib/dpkg/info', (name) => name.endsWith('.list')),
  },
  { name: 'the word list', files: async () => existing('/usr/share/dict/words') },
  {
    name: 'the sources of TypeScript',
    files: async () => filesIn(typescriptFolder(), (name) => name.endsWith('.js')),
  },
];

/** The first corpus of this machine with at least `wanted` lines, cut to them. */
export async function findCorpus(wanted: number): Promise<Corpus> {
  for (const { name, files } of CANDIDATES) {
    const lines = await readLines(await files(), wanted);
    if (lines.length >= wanted) return { name, lines };
  }
  throw new RangeError(`no corpus of ${wanted} lines on this machine`);
}

async function filesIn(folder: string, wanted: (name: string) => boolean): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter(wanted)
    .sort()
    .map((name) => join(folder, name));
}

async function existing(path: string): Promise<readonly string[]> {
  return stat(path).then(
    () => [path],
    () => [],
  );
}

function typescriptFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('typescript'));
}

async function readLines(files: readonly string[], wanted: number): Promise<string[]> {
  const lines: string[] = [];
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      lines.push(line);
      if (lines.length >= wanted) return lines;
    }
  }
  return lines;
}
