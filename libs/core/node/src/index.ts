export { type AppliedRows, putAppliedIndex, readAppliedRows } from './applying/applied-rows.js';
export { ApplyLoop, type ApplyLoopParts } from './applying/apply-loop.js';
export { haltAt, type HaltPoint } from './applying/halt.js';
export { OpcodeTable } from './applying/opcode-table.js';
export { OpenAppliers, type OpenOwner } from './applying/open-appliers.js';
export type { MembershipApplier } from './applying/membership-applier.js';
export { BackupFolder } from './backup/backup-folder.js';
export { type BackupMoment, backupParts, type BackupParts } from './backup/backup-parts.js';
export { type BackedUpGroup, BackupReader } from './backup/backup-reader.js';
export { NodeBackup, type NodeBackupParts } from './backup/node-backup.js';
export { beginRestoredLog, firstEntryAfter } from './backup/first-entry.js';
export { AddressBook } from './consensus/address-book.js';
export { ConsensusGroup } from './consensus/consensus-group.js';
export type { CompactionLimits, ConsensusOptions } from './consensus/consensus-options.js';
export { GroupReceiver, type QuestionHandler } from './consensus/group-receiver.js';
export { type KeyReferencesParts, referencesHere } from './consensus/key-references.js';
export { type GroupHouse, openGroup } from './consensus/open-group.js';
export type {
  GroupSnapshots,
  NodeSnapshots,
  OpenSnapshot,
  SnapshotPoint,
  SnapshotRecovery,
  SnapshotSink,
  SnapshotSource,
  VerifiedSnapshot,
} from './consensus/snapshot-ports.js';
export { Ticker } from './consensus/ticker.js';
export { Turns } from './consensus/turns.js';
export { genesisApplier, genesisPayload } from './genesis/genesis-applier.js';
export {
  type ApplyLimits,
  DEFAULT_APPLY_LIMITS,
  DEFAULT_PROPOSAL_LIMITS,
  type ProposalLimits,
} from './limits.js';
export {
  Admission,
  type AdmissionLimits,
  type AdmissionParts,
  type AdmittingGroup,
  DEFAULT_ADMISSION_LIMITS,
} from './membership/admission.js';
export { Cluster, type ClusterParts } from './membership/cluster.js';
export { EMPTY_MEMBERSHIP, MembershipBook } from './membership/membership-book.js';
export {
  PeerQuestions,
  type PeerQuestionsParts,
  type QuestionAnswerer,
} from './membership/peer-questions.js';
export { raftIdOf } from './membership/raft-id.js';
export { type EpochInquiry, lastRegisteredEpoch } from './membership/registered-epoch.js';
export { digestState, type DigestParts } from './membership/state-digest.js';
export { NodeMetrics, type ProposalResult } from './metrics/node-metrics.js';
export { abortError, untilAborted } from './proposals/abandon.js';
export { type Answer, Answers } from './proposals/answers.js';
export { PendingProposal } from './proposals/pending-proposal.js';
export { ProposalIds } from './proposals/proposal-ids.js';
export { ProposalQueue } from './proposals/proposal-queue.js';
export { AppliedPosition } from './reading/applied-position.js';
export { ReadBarrier } from './reading/read-barrier.js';
export { groupScrub, type GroupScrubParts } from './scrubbing/group-scrub.js';
export { ScrubOrders, type ScrubWork } from './scrubbing/scrub-orders.js';
export { StoredSnapshots, type StoredSnapshotsParts } from './snapshots/stored-snapshots.js';
export { Maintenance, type MaintenanceParts } from './writing/maintenance.js';
export { WriterQueue } from './writing/writer-queue.js';
