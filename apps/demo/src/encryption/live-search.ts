import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface SearchJob {
  readonly folder: string;
  readonly lines: readonly string[];
}

export interface SearchReport {
  /** Distinct values that stand on a disk as they are. */
  readonly found: number;
  readonly needles: number;
  readonly bytesSearched: number;
  /** The same in stores, logs and everything else. */
  readonly areas: Readonly<Partial<Record<Area, number>>>;
}

export const AREAS = ['stores', 'logs', 'the rest'] as const;
export type Area = (typeof AREAS)[number];

const JOB = join(
  dirname(createRequire(import.meta.url).resolve('@caisson/demo/package.json')),
  'dist/encryption/search-job.js',
);
const NICE = 10;

/** Which part of a data directory a file belongs to. Snapshots, key file and sockets are the rest. */
export function areaOf(place: string): Area {
  const [, part] = /\/data\/groups\/\d+\/(store|log)\//.exec(`/${place}`) ?? [];
  if (part === undefined) return 'the rest';
  return part === 'store' ? 'stores' : 'logs';
}

/**
 * Searches every byte below a folder for lines while everything runs: in a process of its own and behind all
 * others, so that whoever writes does not notice.
 */
export async function searchLive(job: SearchJob): Promise<SearchReport> {
  const child = spawn(process.execPath, [JOB], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.pid !== undefined) setPriority(child.pid, NICE);
  child.stdin.end(JSON.stringify(job));
  const [said, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (exitCode !== 0) throw new RangeError(`the search ended with ${String(exitCode)}`);
  return JSON.parse(said) as SearchReport;
}
