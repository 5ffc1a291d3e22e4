import { invariant } from '@caisson/base';
import { RaftLog } from '../log/raft-log.js';
import { type NodeId, NONE } from '../message/entry.js';
import type { LogLevel } from '../message/log-sink.js';
import { createMessage, type Message, type MessageFields, type MessageType } from '../message/message.js';
import type { HardState, ReadState, Role, SoftState } from '../message/state.js';
import { ReadQueue } from '../reads/read-queue.js';
import { Tracker } from '../tracker/tracker.js';
import type { TraceDetail, TraceName } from '../trace/trace-event.js';
import { type RaftOptions, type ResolvedOptions, resolveOptions } from './options.js';

/** Types that carry a term of their own; to all others the sender's is given. */
const VOTE_TYPES: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgVote',
  'MsgVoteResp',
  'MsgPreVote',
  'MsgPreVoteResp',
]);

/** Types that promise something to their receiver, and so must wait for what they promise to be durable. */
const PROMISES: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgAppResp',
  'MsgVoteResp',
  'MsgPreVoteResp',
]);

/** Types that travel on to the leader without a term: whoever leads then may take them. */
const TERMLESS: ReadonlySet<MessageType> = new Set<MessageType>(['MsgProp', 'MsgReadIndex']);

/**
 * The state of one node. What changes it lives in the files beside this one, one per part of the protocol,
 * each a function of this state and its input.
 *
 * Holds no rule but two: how messages are addressed, and which of them wait for storage.
 */
export class Raft {
  readonly options: ResolvedOptions;
  readonly id: NodeId;
  readonly log: RaftLog;
  readonly tracker: Tracker;

  term = 0;
  vote: NodeId = NONE;
  lead: NodeId = NONE;
  role: Role = 'StateFollower';
  isLearner = false;

  /** What may be sent at once. */
  messages: Message[] = [];
  /** What may be sent, to others and to ourselves, once everything appended before it is durable. */
  messagesAfterAppend: Message[] = [];

  readStates: ReadState[] = [];
  readQueue = new ReadQueue();
  /** Reads that wait for the first commit of the leader's term. */
  postponedReads: Message[] = [];

  /** The member that leadership is being handed to. */
  transferee: NodeId = NONE;
  /** Whether somebody was told in this term to campaign at once, against every lease. */
  isLeaseForfeited = false;
  /** No membership change may be appended before this index is applied. May be too high, never too low. */
  pendingConfIndex = 0;
  /** Payload bytes appended as leader and not applied yet. */
  uncommittedSize = 0;

  electionElapsed = 0;
  heartbeatElapsed = 0;
  randomizedElectionTimeout = 0;

  constructor(options: RaftOptions) {
    this.options = resolveOptions(options);
    this.id = options.id;
    this.tracker = new Tracker(this.options);
    this.log = new RaftLog({
      storage: options.storage,
      sink: this.options.sink,
      applyingSizeMax: this.options.maxCommittedSizePerReady,
    });
  }

  get softState(): SoftState {
    return { lead: this.lead, role: this.role };
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  /** In asynchronous mode an application must only see what this node can no longer forget. */
  get appliesUnstable(): boolean {
    return !this.options.asyncStorageWrites;
  }

  /** Everybody we keep track of except ourselves, ascending. */
  get peers(): readonly NodeId[] {
    return this.tracker.ids.filter((id) => id !== this.id);
  }

  send(fields: MessageFields): void {
    const sender = { from: fields.from || this.id, term: this.#termFor(fields) };
    const message: Message = Object.assign(createMessage(fields), sender);
    this.trace('Send', { message });
    if (PROMISES.has(message.type)) {
      this.messagesAfterAppend.push(message);
      return;
    }
    invariant('RAFT-13', message.to !== this.id, 'a message to ourselves that promises nothing');
    this.messages.push(message);
  }

  #termFor({ type, term = 0 }: MessageFields): number {
    if (VOTE_TYPES.has(type)) {
      invariant('RAFT-14', term > 0, 'a vote message without a term');
      return term;
    }
    invariant('RAFT-14', term === 0, 'a term given to a message that takes the sender’s');
    return TERMLESS.has(type) ? 0 : this.term;
  }

  say(level: LogLevel, text: string): void {
    this.options.sink(level, text);
  }

  trace(name: TraceName, detail?: TraceDetail): void {
    const { incoming, outgoing } = this.tracker.membership;
    this.options.trace?.({
      name,
      id: this.id,
      state: this.hardState,
      role: this.role,
      lastIndex: this.log.lastIndex(),
      voters: [incoming, outgoing],
      ...detail,
    });
  }
}
