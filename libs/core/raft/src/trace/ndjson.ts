import type { ConfChange, ConfChangeKind } from '../message/conf-change.js';
import type { Message, MessageType } from '../message/message.js';
import type { TraceEvent } from './trace-event.js';

/** Fixed in width, so that lines sort by it as text. */
const FIRST_STAMP = 1_000_000_000_000;

/** How the model calls messages. It knows heartbeats and snapshots as kinds of appends, and nothing else. */
const MESSAGE_NAMES: Partial<Record<MessageType, string>> = {
  MsgApp: 'AppendEntriesRequest',
  MsgHeartbeat: 'AppendEntriesRequest',
  MsgSnap: 'AppendEntriesRequest',
  MsgAppResp: 'AppendEntriesResponse',
  MsgHeartbeatResp: 'AppendEntriesResponse',
  MsgVote: 'RequestVoteRequest',
  MsgVoteResp: 'RequestVoteResponse',
};

const ACTIONS: Partial<Record<ConfChangeKind, string>> = {
  'add-voter': 'AddNewServer',
  remove: 'RemoveServer',
  'add-learner': 'AddLearner',
};

function messageFields(message: Message): object {
  const { type, term, from, to, logTerm, index, commit, vote, reject, rejectHint, snapshot } = message;
  return {
    type,
    term,
    from: String(from),
    to: String(to),
    entries: snapshot === undefined ? message.entries.length : snapshot.index,
    logTerm,
    index,
    commit,
    vote: String(vote),
    reject,
    rejectHint,
  };
}

const changeFields = ({ changes }: ConfChange): object =>
  changes.length === 0
    ? {}
    : { changes: changes.map(({ kind, id }) => ({ nid: String(id), action: ACTIONS[kind] })) };

function properties({ membership, change }: TraceEvent): object {
  if (membership !== undefined) {
    const newconf = membership.incoming.map(String);
    return { prop: { cc: newconf.length === 0 ? {} : { newconf } } };
  }
  return change === undefined ? {} : { prop: { cc: changeFields(change) } };
}

/**
 * One line of a trace that the model of the reference implementation can follow, or undefined for steps the
 * model does not know. Lines of all nodes belong into one file, numbered in causal order from 0.
 */
export function traceLine(event: TraceEvent, number: number): string | undefined {
  const { name, id, state, role, lastIndex, voters, message } = event;
  const messageName = message && MESSAGE_NAMES[message.type];
  if (message !== undefined && messageName === undefined) return undefined;
  const fields = {
    name: `${name}${messageName ?? ''}`,
    nid: String(id),
    state: { term: state.term, vote: String(state.vote), commit: state.commit },
    role,
    log: lastIndex,
    conf: voters.map((half) => half.map(String)),
    ...(message === undefined ? {} : { msg: messageFields(message) }),
    ...properties(event),
  };
  return JSON.stringify({ tag: 'trace', ts: FIRST_STAMP + number, event: fields });
}
