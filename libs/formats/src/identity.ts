import { fnv1a64, toUtf8 } from '@caisson/base';

/** 16 random bytes that name a cluster. Kept apart from other byte strings by name only. */
export type ClusterId = Uint8Array;

export const CLUSTER_ID_BYTES = 16;

/** The `fullNodeId` of a node whose name is not known. */
export const UNKNOWN_NODE = 0n;

/**
 * A node's number, computed from its name alone, so that every node computes the same without asking.
 *
 * Names are free to collide in 64 bits only by design of an attacker who may name nodes; the 16 bits that
 * enter nonces collide by accident, which is why the writer registry checks them.
 */
export function fullNodeId(name: string): bigint {
  if (name === '') return UNKNOWN_NODE;
  const hash = fnv1a64(toUtf8(name));
  return hash === 0n ? 1n : hash;
}

/** The part of a node's number that enters its nonces. */
export function nodeId16(full: bigint): number {
  return Number(full & 0xffffn);
}
