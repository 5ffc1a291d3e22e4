import type { WriteResponse } from '@caisson/contracts';

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
  readonly #wholes = new Map<string, string>();

  read(note: ReadNote): void {
    this.reads.push(note);
  }

  readAt(note: SnapshotNote): void {
    this.snapshots.push(note);
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
