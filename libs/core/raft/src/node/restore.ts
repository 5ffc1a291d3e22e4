import { invariant } from '@caisson/base';
import { restoreMembership } from '../confchange/restore.js';
import { hex } from '../debug/describe-state.js';
import type { Message } from '../message/message.js';
import { type ConfState, equivalentConfStates, type Snapshot } from '../message/state.js';
import { Tracker } from '../tracker/tracker.js';
import { switchTo } from './membership.js';
import type { Raft } from './raft.js';

const describeId = ({ index, term }: Snapshot): string => `snapshot [index: ${index}, term: ${term}]`;

export function handleSnapshot(raft: Raft, { from, snapshot }: Message): void {
  if (snapshot === undefined) return;
  const verb = restore(raft, snapshot) ? 'restored' : 'ignored';
  const text = `[commit: ${raft.log.committed}] ${verb} ${describeId(snapshot)}`;
  raft.say('info', `${hex(raft.id)} ${text}`);
  const index = verb === 'restored' ? raft.log.lastIndex() : raft.log.committed;
  raft.send({ type: 'MsgAppResp', to: from, index });
}

/** Replaces log and membership by the snapshot's. False if it brings nothing that the log does not have. */
function restore(raft: Raft, snapshot: Snapshot): boolean {
  const { log } = raft;
  if (snapshot.index <= log.committed) return false;
  const self = hex(raft.id);
  if (!isMember(raft, snapshot.confState)) {
    raft.say('warn', `${self} attempted to restore snapshot but it is not in the ConfState`);
    return false;
  }
  const position = (): string => {
    const last = log.lastId();
    return `${self} [commit: ${log.committed}, lastindex: ${last.index}, lastterm: ${last.term}]`;
  };
  if (log.matches(snapshot)) {
    raft.say('info', `${position()} fast-forwarded commit to ${describeId(snapshot)}`);
    log.commitTo(snapshot.index);
    return false;
  }
  log.restore(snapshot);
  restoreConfState(raft, snapshot.confState);
  raft.say('info', `${position()} restored ${describeId(snapshot)}`);
  return true;
}

/** `learnersNext` are voters of the outgoing half, so they need no look of their own. */
const isMember = ({ id }: Raft, state: ConfState): boolean =>
  state.voters.includes(id) || state.learners.includes(id) || state.votersOutgoing.includes(id);

/** Puts a recorded membership in the place of the present one. */
export function restoreConfState(raft: Raft, state: ConfState): void {
  const changed = restoreMembership(new Tracker(raft.options), raft.log.lastIndex(), state);
  const installed = switchTo(raft, changed);
  invariant(
    'RAFT-6',
    equivalentConfStates(state, installed),
    'a restored membership differs from its record',
  );
}
