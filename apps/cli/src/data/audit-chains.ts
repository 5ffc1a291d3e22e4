import { fromHex } from '@caisson/base';
import { type ChainBreak, ChainWalk } from '@caisson/audit';
import type { ReadPage } from '@caisson/client';
import { CaissonError, type Hashes, isCaissonError, toCaissonError } from '@caisson/contracts';
import {
  AUDIT_HASH_BYTES,
  AUDIT_START,
  type AuditRow,
  decodeAuditHead,
  decodeAuditRow,
} from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import { storedAuditPages } from './stored-audit.js';

/** A head that somebody noted. */
export interface NotedHead {
  readonly count: number;
  readonly hash: Uint8Array;
}

/** What became of one member's record. */
export interface ChainReport {
  readonly name: string;
  /** The last line up to which everything is right, and its hash. */
  readonly count: number;
  readonly hash: Uint8Array;
  /** Of each line that is right, in order. */
  readonly hashes: readonly Uint8Array[];
  readonly broken?: ChainBreak;
  /** Why there is nothing to say. */
  readonly error?: CaissonError;
}

/** `41:9d1f…`, as it is printed. */
export function parseHead(text: string): NotedHead {
  const [count = '', hex = ''] = text.split(':', 2);
  const hash = fromHex(hex);
  if (/^\d{1,15}$/.test(count) && hash?.length === AUDIT_HASH_BYTES) return { count: Number(count), hash };
  throw new CaissonError('INVALID_ARGUMENT', { field: 'head', limit: 'like 41:9d1f…, with 64 hex digits' });
}

/** Walks a record to its end. What cannot be read is a report as well. */
export async function readChain(
  name: string,
  pages: AsyncIterable<Pick<ReadPage, 'rows' | 'head'>> | undefined,
  noted: NotedHead | undefined,
): Promise<ChainReport> {
  const walk = new Walk(new NodeHashes());
  let error: CaissonError | undefined;
  if (pages === undefined) error = new CaissonError('UNAVAILABLE', { name, problem: 'takes no clients' });
  else
    try {
      for await (const page of pages) walk.take(page);
    } catch (failure) {
      error = toCaissonError(failure);
    }
  const broken = error ? undefined : walk.end(noted);
  const { head, hashes } = walk;
  const { count, hash } = head;
  return { name, count, hash, hashes, ...(broken && { broken }), ...(error && { error }) };
}

/** The record in the directory of a node that does not run. Nothing in it is changed. */
export function readStoredChain(dataDir: string, noted: NotedHead | undefined): Promise<ChainReport> {
  return readChain(dataDir, storedAuditPages(dataDir), noted);
}

/** Members may lag behind each other; as far as two of them reach, they must have the same lines. */
export function compareChains(reports: readonly ChainReport[]): readonly ChainReport[] {
  const sound = reports.filter(({ broken, error }) => !broken && !error);
  const [longest] = [...sound].sort((a, b) => b.count - a.count);
  return reports.map((report) => {
    if (longest === undefined || !sound.includes(report)) return report;
    const at = report.hashes.findIndex((hash, line) => !isSame(hash, longest.hashes[line]!));
    if (at < 0) return report;
    return { ...report, broken: { number: at + 1, problem: `is another one than ${longest.name} has` } };
  });
}

class Walk {
  readonly hashes: Uint8Array[] = [];
  readonly #walk: ChainWalk;
  #stored: Uint8Array = new Uint8Array(0);

  constructor(hashes: Hashes) {
    this.#walk = new ChainWalk(hashes);
  }

  get head() {
    return this.#walk.head;
  }

  take({ rows, head }: Pick<ReadPage, 'rows' | 'head'>): void {
    for (const { number, row: bytes } of rows) {
      const row = decoded(bytes);
      if (row === undefined) this.#walk.fail(number, 'cannot be read');
      else if (this.#walk.take(number, row)) this.hashes.push(row.hash);
    }
    if (head.length > 0) this.#stored = head;
  }

  end(noted: NotedHead | undefined): ChainBreak | undefined {
    const broken = this.#walk.meet(this.#storedHead(), 'the head row');
    if (broken !== undefined || noted === undefined || noted.count === 0) return broken;
    const there = this.hashes[noted.count - 1];
    if (there === undefined)
      return { number: this.head.count + 1, problem: `is missing: line ${noted.count} was noted before` };
    return isSame(there, noted.hash)
      ? undefined
      : { number: noted.count, problem: 'is another one than was noted' };
  }

  #storedHead(): NotedHead {
    if (this.#stored.length === 0) return AUDIT_START;
    try {
      return decodeAuditHead(this.#stored);
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      return { count: this.head.count, hash: new Uint8Array(AUDIT_HASH_BYTES) };
    }
  }
}

function decoded(bytes: Uint8Array): AuditRow | undefined {
  try {
    return decodeAuditRow(bytes);
  } catch (error) {
    if (!isCaissonError(error)) throw error;
    return undefined;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
