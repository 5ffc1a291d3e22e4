import { CaissonError, type KekProvider, type Member } from '@caisson/contracts';
import { rewrapPayload } from '../driver/key-entries.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { requireCapable } from './capability-check.js';
import { type GroupOrders, type Steps, unretired } from './group-orders.js';
import { isWrappedByAll } from './kek-checks.js';
import type { MemberPoll } from './member-poll.js';

export interface KekProofsParts {
  readonly node: NodeEncryption;
  readonly poll: MemberPoll;
  readonly signal: AbortSignal | undefined;
}

/**
 * Rewraps after every member has proved each KEK of this node, by a challenge that this KEK alone opens. For
 * a set that is about to change: from here on any one of them must do, on every member.
 */
export async function* rewrapWithProofs(orders: GroupOrders, parts: KekProofsParts): Steps {
  const { node, signal } = parts;
  yield* orders.bring({
    step: 'rewrapping',
    isInForce: (keys) => isWrappedByAll(node, unretired(keys)),
    payload: () => rewrapPayload(node, orders.session, signal),
    ask: (members) => askForEach(orders, members, parts),
  });
  yield orders.step('done');
}

async function* askForEach(orders: GroupOrders, members: readonly Member[], parts: KekProofsParts): Steps {
  const { node, poll, signal } = parts;
  let names: readonly string[] = [];
  for (const through of node.keys.ring.providers) {
    yield orders.step('asking');
    names = await requireEach(
      () => requireCapable({ session: orders.session, members, poll, through }, signal),
      through,
    );
  }
  yield { ...orders.step('asking'), members: names };
}

/** Which KEK it was that a member could not prove. */
async function requireEach<T>(work: () => Promise<T>, through: KekProvider): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CaissonError)) throw cause;
    const { provider, keyRef } = await through.describe();
    throw new CaissonError(cause.code, { ...cause.details, kek: `${provider}:${keyRef}` }, { cause });
  }
}
