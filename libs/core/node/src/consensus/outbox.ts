import type { RaftTransport } from '@caisson/contracts';
import { encodeRaftMessage } from '@caisson/formats';
import type { Message, NodeId } from '@caisson/raft';
import { raftIdOf } from '../membership/raft-id.js';
import type { Members } from './members.js';

export interface OutboxParts {
  readonly group: number;
  readonly transport: Pick<RaftTransport, 'send'> | undefined;
  readonly members: Members;
  /** Messages that announce a snapshot travel with its stream. */
  sendSnapshot(message: Message, to: bigint): void;
}

/** From the core's numbers to the transport's peers. */
export class Outbox {
  readonly #parts: OutboxParts;
  /** Whom this node heard from: before it is a member itself it has no book to look them up in. */
  readonly #heard = new Map<NodeId, bigint>();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  heardFrom(peer: bigint): void {
    const id = raftIdOf(peer);
    if (!this.#heard.has(id)) this.#heard.set(id, peer);
  }

  /** A message to somebody unknown is lost, which the protocol allows of any. */
  send(message: Message): void {
    const { group, sendSnapshot, transport } = this.#parts;
    const to = this.peerOf(message.to);
    if (to === undefined || transport === undefined) return;
    if (message.type === 'MsgSnap') sendSnapshot(message, to);
    else transport.send(group, to, encodeRaftMessage(message));
  }

  peerOf(id: NodeId): bigint | undefined {
    return this.#parts.members.book.byRaftId(id)?.id ?? this.#heard.get(id);
  }
}
