import { createDeferred, type Deferred, invariant } from '@caisson/base';
import { CaissonError, type IncomingSnapshot, type RaftLog } from '@caisson/contracts';
import { decodeRaftMessage } from '@caisson/formats';
import { equivalentConfStates, type HardState, type Message, type Snapshot } from '@caisson/raft';
import type { ApplyLoop, ReplacedState } from '../applying/apply-loop.js';
import { MembershipBook } from '../membership/membership-book.js';
import { raftIdOf } from '../membership/raft-id.js';
import type { Answers } from '../proposals/answers.js';
import type { LogCache } from './log-cache.js';
import type { Members } from './members.js';
import type { SnapshotSink, VerifiedSnapshot } from './snapshot-ports.js';

export interface SnapshotIntakeParts {
  readonly group: number;
  readonly sink: SnapshotSink;
  readonly log: RaftLog;
  readonly cache: LogCache;
  readonly members: Members;
  readonly loop: ApplyLoop;
  readonly answers: Answers;
  /** Gives the core the message a snapshot came with; carried out when it returns. */
  step(message: Message): void;
  /** What the store shows now, and appliers that remember nothing of what it showed before. */
  reopen(): Promise<ReplacedState>;
}

interface Received {
  readonly verified: VerifiedSnapshot;
  readonly installed: Deferred<void>;
  isWanted: boolean;
}

/**
 * Takes snapshots in: first the stream, which is verified whole, then the message that came with it. If the
 * core wants it, it replaces store, log and membership before anything else is written or applied.
 */
export class SnapshotIntake {
  readonly #parts: SnapshotIntakeParts;
  #received: Received | undefined;
  #isBusy = false;

  constructor(parts: SnapshotIntakeParts) {
    this.#parts = parts;
  }

  keptChunks(incoming: IncomingSnapshot): Promise<number> {
    return this.#isBusy ? Promise.reject(this.#busy()) : this.#parts.sink.keptChunks(incoming);
  }

  /** Resolves when the snapshot is in force, or was not needed. */
  async take(
    incoming: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#isBusy) throw this.#busy();
    this.#isBusy = true;
    try {
      const message = announcement(incoming);
      const verified = await this.#parts.sink.receive(incoming, chunks, signal);
      await this.#offer(message, verified);
    } finally {
      this.#isBusy = false;
      this.#received = undefined;
    }
  }

  /** Drops what is kept of earlier streams; false while one is on its way, and with it what it brings. */
  async tidy(): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      await this.#parts.sink.tidy?.();
    } finally {
      this.#isBusy = false;
    }
    return true;
  }

  /** The core has taken the snapshot over; from now on it waits for it to be installed. */
  wanted(): void {
    if (this.#received !== undefined) this.#received.isWanted = true;
  }

  /** The append thread has come to it. */
  async install({ index, term }: Snapshot, hardState: HardState): Promise<void> {
    const received = this.#received;
    const point = received?.verified.point;
    invariant('NODE-7', point?.index === index && point.term === term, 'a snapshot that was not received');
    try {
      await this.#replace(received!.verified, hardState);
      received!.installed.resolve();
    } catch (cause) {
      received!.installed.reject(cause);
      throw cause;
    }
  }

  async #offer(message: Message, verified: VerifiedSnapshot): Promise<void> {
    const received: Received = { verified, installed: createDeferred<void>(), isWanted: false };
    received.installed.promise.catch(() => undefined);
    try {
      checkAnnounced(message.snapshot!, verified);
      this.#received = received;
      this.#parts.step(message);
      if (received.isWanted) await received.installed.promise;
    } finally {
      if (!received.isWanted) await verified.discard();
    }
  }

  #replace(verified: VerifiedSnapshot, { term, vote }: HardState): Promise<void> {
    const { answers, cache, log, loop, members, reopen } = this.#parts;
    return loop.replace(async () => {
      await verified.install(log, { term, vote: BigInt(vote) });
      const book = new MembershipBook(verified.membership);
      cache.reset(verified.point, book.confState);
      members.replace(book);
      const problem = 'a snapshot took the place of the entry';
      answers.failThrough(verified.point.index, new CaissonError('UNKNOWN_OUTCOME', { problem }));
      return reopen();
    });
  }

  #busy(): CaissonError {
    return new CaissonError('UNAVAILABLE', { group: this.#parts.group, problem: 'takes a snapshot already' });
  }
}

function announcement({ from, frame }: IncomingSnapshot): Message {
  const message = decodeRaftMessage(frame);
  if (message.type === 'MsgSnap' && message.snapshot !== undefined && message.from === raftIdOf(from)) {
    return message;
  }
  throw new CaissonError('MESSAGE_MALFORMED', { field: 'frame', problem: 'announces no snapshot' });
}

/** The core acts on the announcement, the store on the stream: they must speak of one state. */
function checkAnnounced({ index, term, confState }: Snapshot, { point, membership }: VerifiedSnapshot): void {
  const isSame =
    index === point.index &&
    term === point.term &&
    equivalentConfStates(confState, new MembershipBook(membership).confState);
  if (isSame) return;
  throw new CaissonError('SNAPSHOT_INVALID', {
    index,
    problem: 'the stream holds another state than announced',
  });
}
