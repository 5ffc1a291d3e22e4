const RAFT_ID_BITS = 52;

/**
 * The number by which the Raft core knows a node: as much of its full id as a JavaScript number holds, and
 * never 0, which the core takes for nobody. Members are refused if they share one.
 */
export function raftIdOf(fullNodeId: bigint): number {
  return Number(BigInt.asUintN(RAFT_ID_BITS, fullNodeId)) || 1;
}
