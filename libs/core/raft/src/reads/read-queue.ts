import { type NodeId, NO_DATA } from '../message/entry.js';
import type { Message } from '../message/message.js';
import { type JointQuorum, jointCommitted } from '../quorum/joint.js';

/** A read whose answer is known and waits for proof that nobody else led when it was asked. */
export interface PendingRead {
  readonly request: Message;
  /** The commit index when the read arrived. */
  readonly index: number;
}

const COUNTER_BYTES = 8;

/**
 * Reads of one leadership, in order of arrival.
 *
 * Heartbeats carry a counter of our own, the number of reads that came so far, and followers echo it. A
 * quorum of echoes confirms every read counted by then. The caller's context is no such proof: a caller may
 * repeat it, and an echo of the first use would confirm the second.
 */
export class ReadQueue {
  #pending: PendingRead[] = [];
  #confirmed = 0;
  #acks = new Map<NodeId, number>();

  /** Reads asked for so far. */
  get #asked(): number {
    return this.#confirmed + this.#pending.length;
  }

  get isWaiting(): boolean {
    return this.#pending.length > 0;
  }

  /** Queues a read on leader `self`, who is its own first witness. */
  add(read: PendingRead, self: NodeId): void {
    this.#pending.push(read);
    this.#acks.set(self, this.#asked);
  }

  /** What heartbeats carry now: nothing while no read waits. */
  heartbeatContext(): Uint8Array {
    return this.isWaiting ? encodeCounter(this.#asked) : NO_DATA;
  }

  /**
   * Takes the echo of a heartbeat. Echoes of another leadership of ours never reach here: their term is
   * over.
   */
  acknowledge(from: NodeId, context: Uint8Array): void {
    const counter = decodeCounter(context);
    if (counter === undefined || counter > this.#asked) return;
    this.#acks.set(from, Math.max(counter, this.#acks.get(from) ?? 0));
  }

  /** Removes and answers the reads that a quorum has confirmed, oldest first. */
  takeConfirmed(quorum: JointQuorum): readonly PendingRead[] {
    const echoed = jointCommitted(quorum, (id) => this.#acks.get(id));
    const confirmed = Math.min(echoed, this.#asked);
    const count = Math.max(0, confirmed - this.#confirmed);
    this.#confirmed += count;
    return this.#pending.splice(0, count);
  }
}

function encodeCounter(counter: number): Uint8Array {
  const bytes = new Uint8Array(COUNTER_BYTES);
  let rest = counter;
  for (let at = 0; rest > 0; at++, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}

function decodeCounter(bytes: Uint8Array): number | undefined {
  if (bytes.length !== COUNTER_BYTES) return undefined;
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
