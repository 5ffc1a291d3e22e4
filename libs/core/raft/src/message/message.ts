import { type Entry, type NodeId, NO_DATA, NONE } from './entry.js';
import type { Snapshot } from './state.js';

export type MessageType =
  | 'MsgHup'
  | 'MsgBeat'
  | 'MsgCheckQuorum'
  | 'MsgUnreachable'
  | 'MsgSnapStatus'
  | 'MsgStorageAppend'
  | 'MsgStorageAppendResp'
  | 'MsgStorageApply'
  | 'MsgStorageApplyResp'
  | 'MsgProp'
  | 'MsgApp'
  | 'MsgAppResp'
  | 'MsgVote'
  | 'MsgVoteResp'
  | 'MsgPreVote'
  | 'MsgPreVoteResp'
  | 'MsgSnap'
  | 'MsgHeartbeat'
  | 'MsgHeartbeatResp'
  | 'MsgTransferLeader'
  | 'MsgTimeoutNow'
  | 'MsgForgetLeader'
  | 'MsgReadIndex'
  | 'MsgReadIndexResp';

/**
 * What nodes, and the storage threads inside one node, say to each other.
 *
 * One shape for all types, with zero or empty for what a type does not use. A message is never changed once
 * made, by its sender or by its receiver; its arrays and byte strings may be shared with the log.
 */
export interface Message {
  readonly type: MessageType;
  readonly to: NodeId;
  readonly from: NodeId;
  /** 0 for what a node says to itself and for forwarded proposals and reads. */
  readonly term: number;
  readonly logTerm: number;
  readonly index: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
  readonly vote: NodeId;
  readonly snapshot: Snapshot | undefined;
  readonly reject: boolean;
  readonly rejectHint: number;
  readonly context: Uint8Array;
  /** Only towards a storage thread: what it sends, in order, once its work is durable. */
  readonly responses: readonly Message[];
}

export type MessageFields = Partial<Message> & Pick<Message, 'type'>;

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);
const NO_RESPONSES: readonly Message[] = Object.freeze([]);

/** Written out, so that all messages have one shape: they are made and read in great numbers. */
export const createMessage = (fields: MessageFields): Message => ({
  type: fields.type,
  to: fields.to ?? NONE,
  from: fields.from ?? NONE,
  term: fields.term ?? 0,
  logTerm: fields.logTerm ?? 0,
  index: fields.index ?? 0,
  entries: fields.entries ?? NO_ENTRIES,
  commit: fields.commit ?? 0,
  vote: fields.vote ?? NONE,
  snapshot: fields.snapshot,
  reject: fields.reject ?? false,
  rejectHint: fields.rejectHint ?? 0,
  context: fields.context ?? NO_DATA,
  responses: fields.responses ?? NO_RESPONSES,
});

const LOCAL: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgHup',
  'MsgBeat',
  'MsgUnreachable',
  'MsgSnapStatus',
  'MsgCheckQuorum',
  'MsgStorageAppend',
  'MsgStorageAppendResp',
  'MsgStorageApply',
  'MsgStorageApplyResp',
]);

const RESPONSES: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgAppResp',
  'MsgVoteResp',
  'MsgHeartbeatResp',
  'MsgUnreachable',
  'MsgReadIndexResp',
  'MsgPreVoteResp',
  'MsgStorageAppendResp',
  'MsgStorageApplyResp',
]);

/** Types that must never arrive from the network. */
export const isLocalType = (type: MessageType): boolean => LOCAL.has(type);

/** Types that only make sense from somebody we are keeping track of. */
export const isResponseType = (type: MessageType): boolean => RESPONSES.has(type);

export const voteResponseType = (type: MessageType): 'MsgVoteResp' | 'MsgPreVoteResp' =>
  type === 'MsgPreVote' ? 'MsgPreVoteResp' : 'MsgVoteResp';
