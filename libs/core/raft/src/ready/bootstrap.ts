import { invariant } from '@caisson/base';
import { type ConfChange, confChangeEntry, createConfChange } from '../message/conf-change.js';
import { type Entry, NO_DATA, type NodeId, NONE } from '../message/entry.js';
import { applyConfChange } from '../node/membership.js';
import type { Raft } from '../node/raft.js';
import { becomeFollower } from '../node/roles.js';

/** A founding member; `context` travels in its membership change. */
export interface Founder {
  readonly id: NodeId;
  readonly context?: Uint8Array;
}

const admission = ({ id, context = NO_DATA }: Founder): ConfChange =>
  createConfChange({ changes: [{ kind: 'add-voter', id }], context });

/**
 * Gives a node without a past the same first entries as every other founder: one membership change each, at
 * term 1, committed. They are handed out to be written and applied like any others; here they take effect
 * at once, so that the node can campaign.
 */
export function bootstrap(raft: Raft, founders: readonly Founder[]): void {
  invariant('RAFT-21', raft.log.lastIndex() === 0, 'bootstrap of a node that has a log');
  invariant('RAFT-21', founders.length > 0, 'bootstrap without members');
  becomeFollower(raft, 1, NONE);
  const entries = founders.map((founder, at): Entry => {
    const entry = confChangeEntry(admission(founder), { version: 1 });
    return { ...entry, term: 1, index: at + 1 };
  });
  raft.log.append(entries);
  raft.log.commitTo(entries.length);
  for (const founder of founders) applyConfChange(raft, admission(founder));
}
