import { type Clock, type Logger, type RaftTransport, toCaissonError } from '@caisson/contracts';
import { encodeRaftMessage } from '@caisson/formats';
import { type Message, NO_DATA, type NodeId } from '@caisson/raft';
import type { AppliedPosition } from '../reading/applied-position.js';
import type { WriterQueue } from '../writing/writer-queue.js';
import type { LogCache } from './log-cache.js';
import type { LogCompaction } from './log-compaction.js';
import type { Members } from './members.js';
import type { OpenSnapshot, SnapshotSource } from './snapshot-ports.js';

/** A member that refuses is tried again, but not with every heartbeat. */
const PAUSE_AFTER_FAILURE_MS = 1000;

export interface SnapshotSenderParts {
  readonly group: number;
  readonly source: SnapshotSource;
  readonly transport: Pick<RaftTransport, 'sendSnapshot'>;
  readonly cache: LogCache;
  readonly compaction: LogCompaction;
  readonly members: Members;
  readonly position: AppliedPosition;
  readonly writer: WriterQueue;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly logger: Logger;
  readonly limitMs: number;
  /** How it ended. The core sends nothing else to the member until it is told. */
  report(to: NodeId, outcome: 'finished' | 'failed'): void;
}

/**
 * Sends the applied state to members that the log no longer reaches back to, one stream for each.
 *
 * The core asks for a snapshot at the index that was applied when it asked. What is sent is the state of the
 * moment it is opened: later, and as good.
 */
export class SnapshotSender {
  readonly #parts: SnapshotSenderParts;
  readonly #underWay = new Map<NodeId, AbortController>();

  constructor(parts: SnapshotSenderParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#underWay.size;
  }

  send(message: Message, to: bigint): void {
    // The core asks again only after a report, or as a new leader, whose message then is the one that counts.
    this.#underWay.get(message.to)?.abort();
    const control = new AbortController();
    this.#underWay.set(message.to, control);
    void this.#run(message, to, control);
  }

  /** Nobody waits for them any more. */
  abort(): void {
    for (const control of this.#underWay.values()) control.abort();
  }

  async #run(message: Message, to: bigint, control: AbortController): Promise<void> {
    const { clock, compaction, limitMs, logger, report } = this.#parts;
    const endLimit = clock.after(limitMs, () => control.abort());
    const who = { peer: this.#parts.members.book.byRaftId(message.to)?.name };
    let outcome: 'finished' | 'failed' = 'finished';
    try {
      await this.#transfer(message, to, control);
      logger.log('info', 'sent a snapshot', who);
    } catch (cause) {
      outcome = 'failed';
      logger.log('warn', 'a snapshot was not taken', { ...who, error: toCaissonError(cause) });
      await clock.sleep(PAUSE_AFTER_FAILURE_MS, control.signal).catch(() => undefined);
    } finally {
      endLimit();
      compaction.release(control);
      if (this.#underWay.get(message.to) === control) {
        this.#underWay.delete(message.to);
        report(message.to, outcome);
      }
    }
  }

  async #transfer(message: Message, to: bigint, { signal }: AbortController): Promise<void> {
    const { group, transport } = this.#parts;
    const opened = await this.#open(message);
    try {
      signal.throwIfAborted();
      await transport.sendSnapshot(group, to, opened.outgoing, signal);
    } finally {
      await opened.close();
    }
  }

  #open(message: Message): Promise<OpenSnapshot> {
    const { cache, compaction, members, position, source, writer } = this.#parts;
    return writer.run(() => {
      const point = { index: position.value, term: cache.termAt(position.value) };
      compaction.hold(this.#underWay.get(message.to), point.index);
      const snapshot = { ...point, confState: members.book.confState, data: NO_DATA };
      return source.open(point, encodeRaftMessage({ ...message, snapshot }));
    });
  }
}
