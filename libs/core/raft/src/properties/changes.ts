import { describeMembership } from '../debug/describe-state.js';
import {
  type ConfChange,
  confChangeEntry,
  type ConfChangeKind,
  createConfChange,
} from '../message/conf-change.js';
import type { Entry } from '../message/entry.js';
import type { Peer } from './peer.js';

const KINDS: Readonly<Record<string, ConfChangeKind>> = {
  v: 'add-voter',
  l: 'add-learner',
  r: 'remove',
  u: 'update',
};

/** A change from tokens such as `v1 l2 r3`; none of them leaves a joint membership. */
export function change(text: string, fields: Partial<ConfChange> = {}): ConfChange {
  const tokens = text.split(' ').filter((token) => token !== '');
  const changes = tokens.map((token) => ({ kind: KINDS[token[0]!]!, id: Number(token.slice(1)) }));
  return createConfChange({ changes, ...fields });
}

export const placed = (one: ConfChange, term: number, index: number): Entry => ({
  ...confChangeEntry(one),
  term,
  index,
});

export const members = (peer: Peer): string => describeMembership(peer.raft.tracker.membership);
