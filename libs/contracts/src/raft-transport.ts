import { slot } from './token.js';

/** A peer as the membership knows it. */
export interface Peer {
  readonly id: bigint;
  readonly name: string;
  readonly address: string;
}

/**
 * What a transport delivers to its node. Called one frame at a time per peer; the bytes are the receiver's.
 */
export interface RaftReceiver {
  onFrame(group: number, from: bigint, frame: Uint8Array): void;
  /** Frames to the peer were dropped or its connection broke: progress must be probed again. */
  onUnreachable(peer: bigint): void;
}

/**
 * Carries encoded Raft messages between nodes: unordered across reconnects, at most once, possibly lost.
 *
 * Both ends prove who they are, that they belong to one cluster, and that they speak one version, before the
 * first frame; a peer that is not in the address book is refused. Frames carry sealed entries as sealed: the
 * transport's own encryption is an addition, never a substitute.
 */
export interface RaftTransport {
  /** Frames arriving before the first call are dropped. */
  receive(receiver: RaftReceiver): void;
  /** Replaces the address book; connections to peers that left it are closed. */
  connect(peers: readonly Peer[]): void;
  /** Never blocks and never throws for network reasons; a full queue drops the frame and reports it. */
  send(group: number, to: bigint, frame: Uint8Array): void;
  /**
   * Streams a snapshot on a lane of its own, with back-pressure. Resolves when the receiver has verified and
   * stored it; may resume after a break.
   */
  sendSnapshot(
    group: number,
    to: bigint,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
}

export const RaftTransport = slot<RaftTransport>('RaftTransport');
