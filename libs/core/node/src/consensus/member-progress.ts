import type { Member, MemberProgress } from '@caisson/contracts';
import type { Progress, RawNode } from '@caisson/raft';
import type { Members } from './members.js';

const STATE_OF = {
  StateProbe: 'catching-up',
  StateReplicate: 'following',
  StateSnapshot: 'snapshot',
} as const;

interface Known {
  readonly raw: RawNode;
  readonly members: Members;
}

/** What the leader knows of the members, by their names; nothing elsewhere. */
export function memberProgress({ raw, members }: Known): ReadonlyMap<string, MemberProgress> {
  const byName = new Map<string, MemberProgress>();
  for (const [id, progress] of raw.status().progress) {
    const name = members.book.byRaftId(id)?.name;
    if (name !== undefined) byName.set(name, progressOf(progress));
  }
  return byName;
}

/** The members for people, with what is known of their progress. */
export function memberStatuses(known: Known): readonly Member[] {
  const progress = memberProgress(known);
  return known.members.book.statuses.map((member) => {
    const own = progress.get(member.name);
    return own === undefined ? member : { ...member, progress: own };
  });
}

const progressOf = ({ match, state, recentActive }: Progress): MemberProgress => ({
  matched: match,
  state: STATE_OF[state],
  active: recentActive,
});
