import { Changer, type ChangeOutcome } from '../confchange/changer.js';
import { type ConfChange, wayOf } from '../message/conf-change.js';
import type { Raft } from './raft.js';

/** What a change would make of the membership in force. Nothing happens yet. */
export function tryChange(raft: Raft, change: ConfChange): ChangeOutcome {
  const changer = new Changer(raft.tracker, raft.log.lastIndex());
  const way = wayOf(change);
  if (way === 'leave-joint') return changer.leaveJoint();
  return way === 'simple' ? changer.simple(change.changes) : changer.enterJoint(change.changes, way);
}
