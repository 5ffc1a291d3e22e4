import { invariant } from '@caisson/base';
import { hex } from '../debug/describe-state.js';
import { isGap } from '../log/storage.js';
import { NO_DATA } from '../message/entry.js';
import { type Message, voteResponseType } from '../message/message.js';
import { allVoters } from '../tracker/membership.js';
import type { VoteTally } from '../tracker/tracker.js';
import type { Raft } from './raft.js';
import { becomeCandidate, becomePreCandidate } from './roles.js';

/**
 * `transfer` is an election at the leader's own wish: it skips the pre-vote and no lease stands in its way.
 */
export type CampaignKind = 'pre-election' | 'election' | 'transfer';

const TRANSFER_MARK = new Uint8Array([...'CampaignTransfer'].map((char) => char.charCodeAt(0)));

/** Whether a vote is asked for at the leader's own wish. */
export const isTransferVote = ({ context }: Message): boolean =>
  context.length === TRANSFER_MARK.length && context.every((byte, at) => byte === TRANSFER_MARK[at]);

/** Whether this node may ask for votes at all: a voter that knows the state its log starts from. */
export function isPromotable(raft: Raft): boolean {
  const own = raft.tracker.of(raft.id);
  return own !== undefined && !own.isLearner && !raft.log.hasUnstableSnapshot();
}

/** Starts an election if nothing speaks against it. */
export function hup(raft: Raft, kind: CampaignKind): void {
  const self = hex(raft.id);
  if (raft.role === 'StateLeader') {
    raft.say('debug', `${self} ignoring MsgHup because already leader`);
    return;
  }
  if (!isPromotable(raft)) {
    raft.say('warn', `${self} is unpromotable and can not campaign`);
    return;
  }
  // With a committed change not applied we would count votes by a membership that others have left.
  if (hasUnappliedConfChange(raft)) {
    const why = 'since there are still pending configuration changes to apply';
    raft.say('warn', `${self} cannot campaign at term ${raft.term} ${why}`);
    return;
  }
  raft.say('info', `${self} is starting a new election at term ${raft.term}`);
  campaign(raft, kind);
}

function hasUnappliedConfChange(raft: Raft): boolean {
  const { log, options } = raft;
  const end = log.committed + 1;
  for (let low = log.applied + 1; low < end; ) {
    const page = log.slice(low, end, options.maxCommittedSizePerReady);
    invariant('RAFT-7', !isGap(page) && page.length > 0, 'committed entries are missing');
    if (page.some((entry) => entry.type !== 'EntryNormal')) return true;
    low += page.length;
  }
  return false;
}

/** Asks the voters of both halves. Our own vote travels like the others and counts when it is durable. */
export function campaign(raft: Raft, kind: CampaignKind): void {
  const isPreElection = kind === 'pre-election';
  if (isPreElection) becomePreCandidate(raft);
  else becomeCandidate(raft);
  const type = isPreElection ? 'MsgPreVote' : 'MsgVote';
  const term = isPreElection ? raft.term + 1 : raft.term;
  const context = kind === 'transfer' ? TRANSFER_MARK : NO_DATA;
  const last = raft.log.lastId();
  for (const to of allVoters(raft.tracker.membership)) {
    if (to === raft.id) {
      raft.send({ type: voteResponseType(type), to, term });
      continue;
    }
    const position = `[logterm: ${last.term}, index: ${last.index}]`;
    raft.say('info', `${hex(raft.id)} ${position} sent ${type} request to ${hex(to)} at term ${raft.term}`);
    raft.send({ type, to, term, logTerm: last.term, index: last.index, context });
  }
}

/** Counts a response to our campaign. */
export function poll(raft: Raft, { from, type, reject }: Message): VoteTally {
  const kind = reject ? `${type} rejection` : type;
  raft.say('info', `${hex(raft.id)} received ${kind} from ${hex(from)} at term ${raft.term}`);
  raft.tracker.recordVote(from, !reject);
  return raft.tracker.tallyVotes();
}
