import { SeededRandom } from '@caisson/compliance';

/** What happens at a call: the process is gone before it, or it fails. */
export type Deed = 'kill' | 'EIO' | 'ENOSPC';

/** The `nth` time that a thread makes a call about a file. */
export interface Point {
  readonly deed: Deed;
  readonly call: string;
  /** Below the folder of the series; empty for the folder. */
  readonly file: string;
  readonly nth: number;
}

/** Calls that change what is on a disk. */
export const CALLS: readonly string[] = [
  'write',
  'pwrite64',
  'writev',
  'fdatasync',
  'fsync',
  'rename',
  'unlink',
  'unlinkat',
  'rmdir',
  'mkdir',
  'openat',
  'ftruncate',
  'fallocate',
];

/** How they fail on a disk that is dying or full. A name or a length that cannot be changed is as rare. */
const ERRORS: Readonly<Record<string, readonly Deed[]>> = {
  write: ['EIO', 'ENOSPC'],
  pwrite64: ['EIO', 'ENOSPC'],
  fdatasync: ['EIO'],
  fsync: ['EIO'],
  rename: ['EIO', 'ENOSPC'],
};

/** Every call about a file below `folder`, of a trace with `-f -y`: how often one thread made it at most. */
export function callsIn(trace: string, folder: string): ReadonlyMap<string, Omit<Point, 'deed'>> {
  const byThread = new Map<string, number>();
  const calls = new Map<string, Omit<Point, 'deed'>>();
  for (const line of trace.split('\n')) {
    const [, thread, call, rest] = /^(\d+) +(\w+)\((.*)/.exec(line) ?? [];
    if (call === undefined || rest === undefined || !CALLS.includes(call)) continue;
    if (call === 'openat' && !/O_(WRONLY|RDWR|CREAT)/.test(rest)) continue;
    const files = [...filesIn(rest, folder)];
    // strace knows a rename by the name it takes away.
    for (const file of call === 'rename' ? files.slice(0, 1) : files) {
      const key = `${call} ${file}`;
      const nth = (byThread.get(`${thread} ${key}`) ?? 0) + 1;
      byThread.set(`${thread} ${key}`, nth);
      if (nth > (calls.get(key)?.nth ?? 0)) calls.set(key, { call, file, nth });
    }
  }
  return calls;
}

interface Drawing {
  readonly count: number;
  readonly seed: number;
  readonly only: (name: string) => boolean;
}

/** All, or so many that are drawn: one of each call and kind of file, then of each again. */
export function pointsOf(
  calls: ReadonlyMap<string, Omit<Point, 'deed'>>,
  { count, only, seed }: Drawing,
): readonly Point[] {
  const random = new SeededRandom(seed);
  const groups = new Map<string, Point[]>();
  for (const { call, file, nth: most } of calls.values()) {
    for (const deed of ['kill' as const, ...(ERRORS[call] ?? [])]) {
      const group = `${deed} ${call} ${kindOf(file)}`;
      const all = Array.from({ length: most }, (_, before) => ({ deed, call, file, nth: before + 1 }));
      groups.set(group, [...(groups.get(group) ?? []), ...all.filter((point) => only(nameOf(point)))]);
    }
  }
  const left = shuffled([...groups.values()], random);
  const drawn: Point[] = [];
  while (drawn.length < count && left.some((group) => group.length > 0)) {
    for (const group of left) {
      if (group.length > 0 && drawn.length < count)
        drawn.push(...group.splice(random.integer(group.length), 1));
    }
  }
  return drawn;
}

function shuffled<T>(given: readonly T[], random: SeededRandom): readonly T[] {
  const left = [...given];
  return given.flatMap(() => left.splice(random.integer(left.length), 1));
}

export function nameOf({ call, deed, file, nth }: Point): string {
  return `${deed} at ${call} ${nth} of ${file || '.'}`;
}

/** Files whose numbers count up are of one kind. */
function kindOf(file: string): string {
  return file.replaceAll(/\d{3,}/g, '#');
}

/** Those that a call is about, by its descriptors or by name. */
function filesIn(rest: string, folder: string): ReadonlySet<string> {
  const files = new Set<string>();
  for (const [, path] of rest.matchAll(/[<"]([^<>"]+)[>"]/g)) {
    if (path === folder) files.add('');
    else if (path?.startsWith(`${folder}/`)) files.add(path.slice(folder.length + 1));
  }
  return files;
}
