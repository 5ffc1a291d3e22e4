import { slot } from './token.js';

/** A peer as the membership knows it. */
export interface Peer {
  readonly id: bigint;
  readonly name: string;
  /** `host:port` of its transport. */
  readonly address: string;
}

/**
 * A stream of bytes that is the same each time it is read, so that a broken transfer goes on where it was.
 */
export interface OutgoingSnapshot {
  /** 16 bytes that name this very stream: other content, other id. */
  readonly id: Uint8Array;
  /** The encoded Raft message it belongs to; delivered with the first chunk. */
  readonly frame: Uint8Array;
  /** From chunk number `first` on; chunk 0 is the first. At most 1 MiB each, never empty. */
  chunks(first: number): AsyncIterable<Uint8Array>;
}

/** A snapshot on its way in. */
export interface IncomingSnapshot {
  readonly group: number;
  readonly from: bigint;
  readonly id: Uint8Array;
  readonly frame: Uint8Array;
}

/**
 * What a transport delivers to its node. Called one frame at a time per peer; the bytes are the receiver's.
 */
export interface RaftReceiver {
  onFrame(group: number, from: bigint, frame: Uint8Array): void;
  /** Frames to the peer were dropped or its connection broke: progress must be probed again. */
  onUnreachable(peer: bigint): void;
  /**
   * A question of a peer, answered once. `from` need not be a member: a candidate is asked before it is let
   * in, and asks while it joins. A `CaissonError` thrown here reaches the asker with its code and details.
   */
  onQuestion(from: bigint, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** How many chunks of this stream are kept already; asked before the first chunk. 0 to start over. */
  keptChunks(snapshot: IncomingSnapshot): Promise<number>;
  /**
   * Takes the rest of the stream; a chunk counts as taken when the next one is asked for. Resolves when the
   * snapshot is verified and stored. A rejection is told to the sender, which may try again.
   */
  onSnapshot(
    snapshot: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * Carries encoded Raft messages between nodes: unordered across reconnects, at most once, possibly lost.
 *
 * Both ends prove who they are, that they belong to one cluster, and that they speak one version, before
 * the first frame. A peer that is not in the address book is refused, except by a node whose own book is
 * empty: it waits to be let in, and takes any proven peer of its cluster, with the address that peer states
 * for itself. A book that names the node itself alone is not empty: that node is the only member.
 *
 * Frames carry sealed entries as sealed: the transport's own encryption is an addition, never a substitute.
 */
export interface RaftTransport {
  /** Where peers reach this node: what its membership should say. */
  readonly address: string;
  /** Frames arriving before the first call are dropped, questions are `UNAVAILABLE`. */
  receive(receiver: RaftReceiver): void;
  /** Replaces the address book; connections to peers that left it are closed. Itself is ignored. */
  connect(peers: readonly Peer[]): void;
  /**
   * Never blocks and never throws for network reasons; a full queue drops the frame and reports it. The frame
   * does not change after the call; the same one may go to several peers.
   */
  send(group: number, to: bigint, frame: Uint8Array): void;
  /**
   * Puts a question to a node of this cluster, in the address book or not, and resolves with its answer.
   * Rejects with `UNAVAILABLE` (nobody there), `CLUSTER_MISMATCH`, `PEER_REFUSED` (another name answers, or
   * it refuses us), with the error thrown at the other end, or when the signal aborts.
   */
  ask(peer: Omit<Peer, 'id'>, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Streams a snapshot on a lane of its own, with back-pressure. Resolves when the receiver has verified
   * and stored it; resumes after a break as long as the signal allows.
   */
  sendSnapshot(group: number, to: bigint, snapshot: OutgoingSnapshot, signal: AbortSignal): Promise<void>;
}

export const RaftTransport = slot<RaftTransport>('RaftTransport');
