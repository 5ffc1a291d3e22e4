import type { WriteResponse } from '@caisson/contracts';

/** What the names of keys begin with whose values are gone after a while. */
export const EXPIRING = 't';

/** A linearizable read, and when it was under way. */
export interface ReadNote {
  readonly key: string;
  readonly saw: string | undefined;
  readonly calledAt: number;
  readonly answeredAt: number;
}

/** A read as of a timestamp. */
export interface SnapshotNote {
  readonly key: string;
  readonly saw: string | undefined;
  readonly ts: bigint;
}

/** A moment that was given to read at. */
export interface BeginNote {
  readonly startTs: bigint;
  readonly calledAt: number;
  readonly answeredAt: number;
}

/** The keys that the pages of one scan held, in their order. */
export interface ScanNote {
  readonly keys: readonly string[];
  readonly ts: bigint;
  readonly isReverse: boolean;
  /** Whether it came to the last page. */
  readonly isWhole: boolean;
}

/** A write that was answered. */
export interface WriteNote {
  /** Of the request, in hexadecimal. */
  readonly id: string;
  readonly response: WriteResponse;
  readonly calledAt: number;
  readonly answeredAt: number;
}

/** What clients heard, in the words of the protocol: what a history of values leaves out. */
export class Diary {
  readonly reads: ReadNote[] = [];
  readonly snapshots: SnapshotNote[] = [];
  readonly writes: WriteNote[] = [];
  readonly beginnings: BeginNote[] = [];
  readonly scans: ScanNote[] = [];
  /** The highest moment of which a node said that it is below the floor. */
  compactedTs = 0n;
  /** What writes were to put that were refused. */
  readonly #refused = new Set<string>();
  readonly #wholes = new Map<string, string>();

  read(note: ReadNote): void {
    this.reads.push(note);
  }

  readAt(note: SnapshotNote): void {
    this.snapshots.push(note);
  }

  began(note: BeginNote): void {
    this.beginnings.push(note);
  }

  scanned(note: ScanNote): void {
    this.scans.push(note);
  }

  refuse(key: string, value: string): void {
    this.#refused.add(`${key} ${value}`);
  }

  isRefused(key: string, value: string): boolean {
    return this.#refused.has(`${key} ${value}`);
  }

  compacted(ts: bigint): void {
    if (ts > this.compactedTs) this.compactedTs = ts;
  }

  wrote(note: WriteNote): void {
    this.writes.push(note);
  }

  /** How a value was stored whose name in histories is shorter. */
  whole(name: string, whole: string): void {
    if (whole !== name) this.#wholes.set(name, whole);
  }

  wholeOf(name: string): string {
    return this.#wholes.get(name) ?? name;
  }
}
