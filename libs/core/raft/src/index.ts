export { encodedSize, payloadSize } from './message/entry.js';
export {
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  type EntryId,
  type EntryType,
  isThread,
  NO_DATA,
  type NodeId,
  NONE,
} from './message/entry.js';
export {
  type ConfChange,
  confChangeEntry,
  type ConfChangeKind,
  type ConfChangeStep,
  type ConfChangeTransition,
  createConfChange,
  decodeConfChange,
} from './message/conf-change.js';
export { createMessage, isLocalType, type Message, type MessageType } from './message/message.js';
export {
  type ConfState,
  EMPTY_CONF_STATE,
  EMPTY_HARD_STATE,
  EMPTY_SNAPSHOT,
  equivalentConfStates,
  type HardState,
  isEmptyHardState,
  type ReadState,
  type Role,
  type Snapshot,
  type SoftState,
} from './message/state.js';
export type { LogLevel, LogSink } from './message/log-sink.js';
export { isGap, type LogGap, type LogStorage } from './log/storage.js';
export { MemoryStorage } from './log/memory-storage.js';
export { allVoters, isJoint, type Membership } from './tracker/membership.js';
export type { Progress, ProgressState } from './tracker/progress.js';
export { isTransferVote } from './node/campaign.js';
export type { RaftOptions, ReadMode } from './node/options.js';
export type { StepOutcome } from './node/outcome.js';
export type { Founder } from './ready/bootstrap.js';
export type { Ready } from './ready/ready.js';
export type { RaftStatus } from './ready/status.js';
export { RawNode } from './ready/raw-node.js';
export type { TraceEvent, TraceName, TraceSink } from './trace/trace-event.js';
export { describeMembership, describeProgress } from './debug/describe-state.js';
export { describeEntry, describeMessage, describeReady } from './debug/describe-message.js';
