import type { Hashes } from '@caisson/contracts';
import { AUDIT_START, auditHashInput, type AuditHead, type AuditRow } from '@caisson/formats';

type Digest = Pick<Hashes, 'sha256'>;

/** What a line is before it has its place. */
export interface NewLine {
  /** The timestamp it asks for; it gets a later one where the chain has come further. */
  readonly at: bigint;
  readonly index: number;
  readonly line: Uint8Array;
}

/** Puts a line behind `head`. Decided by the two alone, so that every replica gets the same chain. */
export function linkLine(
  hashes: Digest,
  head: AuditHead,
  { at, index, line }: NewLine,
): { readonly row: AuditRow; readonly head: AuditHead } {
  const stamp = at > head.stamp ? at : head.stamp + 1n;
  const hash = hashes.sha256(auditHashInput(head, { stamp, index, line }));
  return { row: { stamp, index, line, hash }, head: { count: head.count + 1, stamp, hash } };
}

/** Where a chain breaks first, and what is wrong there. */
export interface ChainBreak {
  readonly number: number;
  readonly problem: string;
}

/**
 * Walks a chain from its first line on and says where it breaks.
 *
 * What it shows: nothing between the first line and the last one was changed, removed, added or moved.
 * Whether lines are missing at the end only a head can tell that is known from elsewhere: from the head row,
 * from the other members, or from a note that somebody took.
 */
export class ChainWalk {
  readonly #hashes: Digest;
  #head: AuditHead = AUDIT_START;
  #broken: ChainBreak | undefined;

  constructor(hashes: Digest) {
    this.#hashes = hashes;
  }

  /** The last line up to which everything is right. */
  get head(): AuditHead {
    return this.#head;
  }

  get broken(): ChainBreak | undefined {
    return this.#broken;
  }

  /** False from the first line on that does not fit. */
  take(number: number, row: AuditRow): boolean {
    this.#broken ??= this.#judge(number, row);
    if (this.#broken !== undefined) return false;
    this.#head = { count: number, stamp: row.stamp, hash: row.hash };
    return true;
  }

  /** A line whose bytes could not even be read. */
  fail(number: number, problem: string): void {
    this.#broken ??= number > this.#head.count + 1 ? this.#gap() : { number, problem };
  }

  /** At the end: the head that was stored, or noted, must be on the chain. */
  meet(known: Pick<AuditHead, 'count' | 'hash'>, whose: string): ChainBreak | undefined {
    if (this.#broken !== undefined) return this.#broken;
    if (known.count > this.#head.count)
      this.#broken = {
        number: this.#head.count + 1,
        problem: `is missing: ${whose} has ${known.count} lines`,
      };
    else if (known.count < this.#head.count)
      this.#broken = { number: known.count + 1, problem: `lies behind the end, as ${whose} has it` };
    else if (!isSame(known.hash, this.#head.hash))
      this.#broken = { number: known.count, problem: `is another one than ${whose} has` };
    return this.#broken;
  }

  #judge(number: number, row: AuditRow): ChainBreak | undefined {
    if (number > this.#head.count + 1) return this.#gap();
    if (number !== this.#head.count + 1) return { number, problem: 'comes twice' };
    if (row.stamp <= this.#head.stamp) return { number, problem: 'is not later than the line before' };
    const hash = this.#hashes.sha256(auditHashInput(this.#head, row));
    if (isSame(hash, row.hash)) return undefined;
    return { number, problem: 'was changed, or what stands before it was' };
  }

  #gap(): ChainBreak {
    return { number: this.#head.count + 1, problem: 'is missing' };
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
