import type { Logger } from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';
import type { LogSink, RaftOptions } from '@caisson/raft';
import { raftIdOf } from '../membership/raft-id.js';
import type { GroupParts } from './group-parts.js';
import type { LogCache } from './log-cache.js';

/** How the core is run here: whatever makes it safe to disturb, and nothing that may be left to luck. */
export function coreOptions(
  { identity, options, rows, services }: GroupParts,
  storage: LogCache,
  onAppend: RaftOptions['onAppend'],
): RaftOptions {
  const { replication, ticks } = options;
  return {
    id: raftIdOf(fullNodeId(identity.name)),
    electionTick: ticks.election,
    heartbeatTick: ticks.heartbeat,
    storage,
    random: (bound) => services.random.integer(bound),
    applied: rows.applied,
    asyncStorageWrites: true,
    checkQuorum: true,
    preVote: true,
    disableProposalForwarding: true,
    stepDownOnRemoval: true,
    // The core counts leases in ticks, from the answer; ours are above it.
    readMode: 'safe',
    maxSizePerMsg: replication.messageBytes,
    maxCommittedSizePerReady: replication.applyingBytes,
    maxUncommittedSize: replication.uncommittedBytes,
    maxInflightMsgs: replication.inflightMessages,
    maxInflightBytes: replication.inflightBytes,
    ...(onAppend !== undefined && { onAppend }),
    sink: sinkOf(services.logger),
  };
}

/** What the core says is for those who look closely; what matters to operators is logged by its driver. */
function sinkOf(logger: Logger): LogSink {
  return (level, text) => {
    if (level !== 'debug') logger.log('debug', text);
  };
}
