import { CaissonError, type IncomingSnapshot } from '@caisson/contracts';
import type { Introduction } from '@caisson/formats';
import { isTransferVote, type Message, type MessageType } from '@caisson/raft';
import { raftIdOf } from '../membership/raft-id.js';
import type { GroupMachinery } from './group-machinery.js';

/** What no peer may say in a frame: proposals are forwarded above the core, snapshots come as streams. */
const REFUSED: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgProp',
  'MsgSnap',
  'MsgTransferLeader',
  'MsgForgetLeader',
]);

const ELECTIONS: ReadonlySet<MessageType> = new Set<MessageType>(['MsgVote', 'MsgPreVote']);

/** A group as its peers reach it. */
export class PeerSide {
  readonly #group: number;
  readonly #machinery: GroupMachinery;

  constructor(group: number, machinery: GroupMachinery) {
    this.#group = group;
    this.#machinery = machinery;
  }

  /** A message of a peer. Whatever it claims about its sender has to be true of the peer it came from. */
  receive(from: bigint, message: Message): void {
    const { driver, freshness, lease, outbox, self } = this.#machinery;
    if (message.from !== raftIdOf(from) || message.to !== self || REFUSED.has(message.type)) return;
    if (ELECTIONS.has(message.type) && !isTransferVote(message) && lease.bindsVote) return;
    outbox.heardFrom(from);
    driver.post((raw) => {
      raw.step(message);
      const isLeaders = raw.raft.lead === message.from && raw.raft.term === message.term;
      if (isLeaders) freshness.heard(message);
    });
  }

  unreachable(peer: bigint): void {
    const { driver, introductions } = this.#machinery;
    driver.post((raw) => raw.reportUnreachable(raftIdOf(peer)));
    introductions.unreachable(peer);
  }

  /** A node that is refused here says that it is a member. */
  meet(from: bigint, introduction: Introduction): void {
    this.#machinery.introductions.meet(from, introduction);
  }

  /** Only members may have something proposed for them. */
  requireMember(peer: bigint): void {
    if (this.#machinery.members.book.byFullId(peer) !== undefined) return;
    throw new CaissonError('PEER_REFUSED', { group: this.#group, problem: 'is no member' });
  }

  keptChunks(incoming: IncomingSnapshot): Promise<number> {
    const { intake } = this.#machinery;
    return intake === undefined ? Promise.reject(this.#noSnapshots()) : intake.keptChunks(incoming);
  }

  async takeSnapshot(
    incoming: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const { intake, outbox } = this.#machinery;
    if (intake === undefined) throw this.#noSnapshots();
    outbox.heardFrom(incoming.from);
    await intake.take(incoming, chunks, signal);
  }

  #noSnapshots(): CaissonError {
    return new CaissonError('UNIMPLEMENTED', { group: this.#group, operation: 'snapshots' });
  }
}
