import { invariant } from '@caisson/base';
import type { NodeIdentity, RaftLog, Random } from '@caisson/contracts';
import { encodeClearProposal, fullNodeId } from '@caisson/formats';
import { genesisPayload } from '../genesis/genesis-applier.js';
import { raftIdOf } from '../membership/raft-id.js';
import { ProposalIds } from '../proposals/proposal-ids.js';

/** Where the log of a restored group begins: behind what was backed up, in a term nobody has led. */
export function firstEntryAfter({ index, term }: { readonly index: number; readonly term: number }): {
  readonly index: number;
  readonly term: number;
} {
  return { index: index + 1, term: term + 1 };
}

/**
 * A log whose first entry founds the group anew: another cluster, with this node as its only voter. It is
 * clear, and committed by the only member there is.
 */
export async function beginRestoredLog(
  log: RaftLog,
  backedUp: { readonly group: number; readonly index: number; readonly term: number },
  { identity, random }: { readonly identity: NodeIdentity; readonly random: Random },
): Promise<void> {
  invariant('NODE-31', log.last === 0, 'only a new log begins with a restored group');
  const { group, index, term } = backedUp;
  const vote = BigInt(raftIdOf(fullNodeId(identity.name)));
  const first = firstEntryAfter(backedUp);
  await log.reset({ index, term }, { term: first.term, vote, commit: index });
  const data = encodeClearProposal(new ProposalIds(random).next(), genesisPayload(identity, group));
  await log.append({
    entries: [{ ...first, kind: 'normal', data }],
    hardState: { term: first.term, vote, commit: first.index },
  });
}
