export { type AppliedRows, putAppliedIndex, readAppliedRows } from './applying/applied-rows.js';
export { ApplyLoop, type ApplyLoopParts } from './applying/apply-loop.js';
export { haltAt, type HaltPoint } from './applying/halt.js';
export { OpcodeTable } from './applying/opcode-table.js';
export { OpenAppliers, type OpenOwner } from './applying/open-appliers.js';
export { genesisApplier, genesisPayload } from './genesis/genesis-applier.js';
export {
  type ApplyLimits,
  DEFAULT_APPLY_LIMITS,
  DEFAULT_PROPOSAL_LIMITS,
  type ProposalLimits,
} from './limits.js';
export { EMPTY_MEMBERSHIP, MembershipBook } from './membership/membership-book.js';
export { raftIdOf } from './membership/raft-id.js';
export { NodeMetrics, type ProposalResult } from './metrics/node-metrics.js';
export { abortError, untilAborted } from './proposals/abandon.js';
export { type Answer, Answers } from './proposals/answers.js';
export { PendingProposal } from './proposals/pending-proposal.js';
export { ProposalIds } from './proposals/proposal-ids.js';
export { ProposalQueue } from './proposals/proposal-queue.js';
export { AppliedPosition } from './reading/applied-position.js';
export { ReadBarrier } from './reading/read-barrier.js';
export { Maintenance, type MaintenanceParts } from './writing/maintenance.js';
export { WriterQueue } from './writing/writer-queue.js';
