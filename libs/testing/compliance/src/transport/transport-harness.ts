import type { Peer, RaftTransport } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';

/** A node as the kit sees it: who it is, where it is reached, and its transport. */
export interface TransportNode {
  /** As the books of others must say; `address` is the transport's own. */
  readonly peer: Peer;
  readonly transport: RaftTransport;
}

/** What the transport kit works on. */
export interface TransportHarness extends Harness {
  /**
   * Three nodes of one cluster, listening and in reach of each other. Nobody was told anything yet: no
   * `receive`, no `connect`.
   */
  readonly nodes: readonly [TransportNode, TransportNode, TransportNode];
  /** An address where nobody listens. */
  readonly nowhere: string;
  /** So many frames of 1 KiB, sent in one go to a peer that is linked, never fit its queue. */
  readonly tooManyFrames: number;
  /** Lets `ms` pass: waits for a real network, moves a simulated one. */
  pass(ms: number): Promise<void>;
  /** A node of another cluster, listening and in reach, with nothing told to it either. */
  stranger?(): Promise<TransportNode>;
  /** Ends every connection between the first node and the second, and lets none come about. */
  sever?(): Promise<void> | void;
  /** Undoes `sever`. */
  heal?(): Promise<void> | void;
}

export const STRANGER: Need<TransportHarness> = {
  id: 'stranger',
  what: 'a harness with a node of another cluster',
  isMet: ({ stranger }) => stranger !== undefined,
};

export const WIRE: Need<TransportHarness> = {
  id: 'wire',
  what: 'a harness that can break the wire between two nodes',
  isMet: ({ sever, heal }) => sever !== undefined && heal !== undefined,
};
