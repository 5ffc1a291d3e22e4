import { CaissonError, type Member, type RegisteredEpoch } from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';
import type { GroupOrders, Steps } from './group-orders.js';
import type { MemberPoll } from './member-poll.js';

export interface WriterOrder {
  readonly name: string;
  readonly poll: MemberPoll;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Registers a member under every unretired key of one group, in the way in which it was let in: it proves its
 * KEK, and begins above every epoch that was ever registered under its name unless it still holds the last.
 */
export async function* registerWriter(orders: GroupOrders, order: WriterOrder): Steps {
  const { poll, dryRun, signal } = order;
  const { members } = orders.requireLead();
  const member = memberOf(members, order);
  yield orders.step('asking');
  const { session, group } = orders;
  const id = fullNodeId(member.name);
  const challenge = await session.challenge(id, signal);
  const question = { group: group.id, name: member.name, address: member.address, challenge };
  const answer = (await poll.ask([question], signal)).get(member.name)!;
  if ('error' in answer) throw answer.error;
  const names = members.map(({ name }) => name);
  const candidate = {
    name: member.name,
    fullNodeId: id,
    members: names,
    challenge,
    answer: answer.capability,
  };
  const payloads = await session.admit(candidate, signal);
  yield { ...orders.step('asking'), members: [member.name] };
  for (const payload of payloads) {
    yield orders.step('registering');
    if (dryRun) break;
    const { outcome } = await group.propose(payload, { source: 'system', ...(signal && { signal }) });
    if (outcome.kind === 'refused') throw outcome.error;
  }
  yield orders.step('done');
}

/** Over all groups, the higher one where they differ. */
export async function epochsOf(
  groups: readonly GroupOrders[],
  name: string,
): Promise<readonly RegisteredEpoch[]> {
  const own = fullNodeId(name);
  const epochs = new Map<number, number>();
  for (const { keys, session } of groups) {
    for (const { keyId } of keys.keys) {
      const row = await session.registry?.row(keyId, own);
      if (row?.fullNodeId !== own) continue;
      epochs.set(keyId, Math.max(epochs.get(keyId) ?? 0, row.lastSeenEpoch));
    }
  }
  return [...epochs].map(([keyId, epoch]) => ({ keyId, epoch })).sort((a, b) => a.keyId - b.keyId);
}

function memberOf(members: readonly Member[], { name }: WriterOrder): Member {
  const member = members.find((known) => known.name === name);
  if (member === undefined)
    throw new CaissonError('INVALID_ARGUMENT', { field: 'name', name, limit: 'a member' });
  return member;
}
