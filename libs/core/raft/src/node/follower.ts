import { hex } from '../debug/describe-state.js';
import { NONE } from '../message/entry.js';
import { createMessage, type Message } from '../message/message.js';
import { handleAppend, handleHeartbeat } from './append-handling.js';
import { hup } from './campaign.js';
import type { StepOutcome } from './outcome.js';
import type { Raft } from './raft.js';
import { handleSnapshot } from './restore.js';

export function stepFollower(raft: Raft, message: Message): StepOutcome {
  switch (message.type) {
    case 'MsgApp':
      heardFromLeader(raft, message);
      handleAppend(raft, message);
      break;
    case 'MsgHeartbeat':
      heardFromLeader(raft, message);
      handleHeartbeat(raft, message);
      break;
    case 'MsgSnap':
      heardFromLeader(raft, message);
      handleSnapshot(raft, message);
      break;
    case 'MsgProp':
      return forwardProposal(raft, message);
    case 'MsgTransferLeader':
      forward(raft, message, 'dropping leader transfer msg');
      break;
    case 'MsgReadIndex':
      forward(raft, message, 'dropping index reading msg');
      break;
    case 'MsgReadIndexResp':
      takeReadIndex(raft, message);
      break;
    case 'MsgForgetLeader':
      forgetLeader(raft);
      break;
    case 'MsgTimeoutNow': {
      const from = `received MsgTimeoutNow from ${hex(message.from)}`;
      raft.say(
        'info',
        `${hex(raft.id)} [term ${raft.term}] ${from} and starts an election to get leadership.`,
      );
      hup(raft, 'transfer');
      break;
    }
  }
  return 'accepted';
}

function heardFromLeader(raft: Raft, { from }: Message): void {
  raft.electionElapsed = 0;
  raft.lead = from;
}

function forwardProposal(raft: Raft, message: Message): StepOutcome {
  const { id, lead, term } = raft;
  if (lead !== NONE && raft.options.disableProposalForwarding) {
    raft.say('info', `${hex(id)} not forwarding to leader ${hex(lead)} at term ${term}; dropping proposal`);
    return 'proposal-dropped';
  }
  return forward(raft, message, 'dropping proposal') ? 'accepted' : 'proposal-dropped';
}

/**
 * Passes a request on under its sender's name; false, with a word about it, if there is nobody to pass it
 * to.
 */
function forward(raft: Raft, message: Message, otherwise: string): boolean {
  if (raft.lead === NONE) {
    raft.say('info', `${hex(raft.id)} no leader at term ${raft.term}; ${otherwise}`);
    return false;
  }
  raft.send({ ...createMessage(message), to: raft.lead, term: 0 });
  return true;
}

function takeReadIndex(raft: Raft, { from, index, entries }: Message): void {
  const [request, ...others] = entries;
  if (request === undefined || others.length > 0) {
    const count = `entries count: ${entries.length}`;
    raft.say('error', `${hex(raft.id)} invalid format of MsgReadIndexResp from ${hex(from)}, ${count}`);
    return;
  }
  raft.readStates.push({ index, context: request.data });
}

/**
 * Frees the node to vote for somebody else before the election timeout. Neither timer nor vote are touched.
 */
function forgetLeader(raft: Raft): void {
  if (raft.options.readMode === 'lease-based') {
    // The leader relies on us to believe in it for as long as its lease runs.
    raft.say('error', 'ignoring MsgForgetLeader due to ReadOnlyLeaseBased');
    return;
  }
  if (raft.lead === NONE) return;
  raft.say('info', `${hex(raft.id)} forgetting leader ${hex(raft.lead)} at term ${raft.term}`);
  raft.lead = NONE;
}
