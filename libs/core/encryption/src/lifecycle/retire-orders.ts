import { CaissonError, type Clock, type KeyBlocker, type KeyProgress, type Member } from '@caisson/contracts';
import type { KeyRecord } from '@caisson/formats';
import { currentConfIndex } from '../apply/entry-context.js';
import type { RetirementSub } from '../apply/retirement.js';
import { retirementPayload } from '../driver/key-entries.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import type { GroupOrders, Steps } from './group-orders.js';
import type { ReferencePoll } from './reference-poll.js';
import { blockersOf, inWords, remainsOf } from './retirement-blockers.js';

export interface RetireOrdersParts {
  readonly node: NodeEncryption;
  readonly groups: readonly GroupOrders[];
  readonly references: ReferencePoll;
  /** For members that have little to say: whether a retired key is still there. */
  readonly remains: ReferencePoll;
  readonly keyId: number;
  readonly dryRun: boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal | undefined;
}

/** Tells its steps, and answers what they came to. */
type Count<T> = AsyncGenerator<KeyProgress, T, undefined>;

/** `gone` for a key that the group gave up for good. */
type Standing = KeyRecord['state'] | 'gone' | 'unknown';

/** How often members are asked whether the key’s bytes are gone, and how long it is between. */
const LOOKS_MAX = 20;
const FIRST_LOOK_MS = 100;
const LOOK_MS_MAX = 2_000;

/**
 * The end of one key, in all groups that know it. Nothing is entered in any group before every member of all
 * of them has said that it has nothing under the key.
 *
 * What a member counts stays true: nothing is sealed under a key that is not active where it is counted, and
 * a state that arrives later comes from a member that was counted as well. Should something refer to the key
 * all the same when the entry is applied, a replica keeps the wrapping until it has sealed that anew.
 */
export class RetireOrders {
  readonly #parts: RetireOrdersParts;
  /** Groups in which nothing was found, and the keys and members of which that is so. */
  readonly #counted = new Map<GroupOrders, string>();

  constructor(parts: RetireOrdersParts) {
    this.#parts = parts;
  }

  async *retire(erase: boolean): Steps {
    const groups = this.#concerned();
    const wanted: readonly Standing[] = erase ? ['retired', 'gone'] : ['suspended', 'retired', 'gone'];
    const open = groups.filter((orders) => !wanted.includes(this.#standing(orders)));
    if (erase && open.some((orders) => this.#standing(orders) === 'retiring')) {
      throw new CaissonError('KEY_NOT_SUSPENDED', { keyId: this.#parts.keyId });
    }
    const isFree = yield* this.#countAll(open);
    for (const orders of isFree ? open : []) yield* this.#end(orders, erase ? 'retire' : 'suspend', wanted);
    if (erase && !this.#parts.dryRun) yield* this.#untilErased(groups);
    for (const orders of groups) yield this.#done(orders);
  }

  async *resume(): Steps {
    const { keyId } = this.#parts;
    const groups = this.#concerned();
    if (groups.some((orders) => this.#standing(orders) === 'gone')) {
      throw new CaissonError('KEY_RETIRED', { keyId, state: 'retired' });
    }
    for (const orders of groups) {
      yield* orders.bring({
        step: 'resuming',
        isInForce: () => this.#standing(orders) !== 'suspended',
        payload: () => this.#payload(orders, 'resume'),
        ask: nobody,
      });
      yield this.#done(orders);
    }
  }

  async *#end(orders: GroupOrders, sub: RetirementSub, wanted: readonly Standing[]): Steps {
    yield* orders.bring({
      step: sub === 'retire' ? 'retiring' : 'suspending',
      isInForce: () => wanted.includes(this.#standing(orders)),
      payload: () => this.#payload(orders, sub),
      ask: (members) => this.#countAnew(orders, members),
    });
  }

  /**
   * All groups first: a key that is suspended in one of them only helps nobody. False where a dry run found
   * something.
   */
  async *#countAll(open: readonly GroupOrders[]): Count<boolean> {
    const blockers: KeyBlocker[] = [];
    for (const orders of open) {
      const found = yield* this.#count(orders, orders.requireLead().members);
      blockers.push(...found);
    }
    this.#refuse(blockers);
    return blockers.length === 0;
  }

  /** With other keys or members, what was counted may not be so any more. */
  async *#countAnew(orders: GroupOrders, members: readonly Member[]): Steps {
    if (this.#counted.get(orders) === (await momentOf(orders))) return;
    this.#refuse(yield* this.#count(orders, members));
  }

  async *#count(orders: GroupOrders, members: readonly Member[]): Count<readonly KeyBlocker[]> {
    const { references, keyId, signal } = this.#parts;
    yield orders.step('counting');
    await orders.group.readBarrier('linearizable', signal);
    const moment = await momentOf(orders);
    const leader = { stateIndex: orders.keys.stateIndex, applied: orders.group.status().applied };
    const answers = await references.ask(orders.group, { keyId, members }, signal);
    const blockers = blockersOf(answers, leader);
    if (blockers.length === 0) this.#counted.set(orders, moment);
    yield { ...orders.step('counting'), members: members.map(({ name }) => name), keyId, blockers };
    return blockers;
  }

  #refuse(blockers: readonly KeyBlocker[]): void {
    const { keyId, dryRun } = this.#parts;
    if (blockers.length === 0 || dryRun) return;
    const isLog = blockers.some(({ what }) => what === 'log');
    const code = isLog ? 'RAFT_DEK_WAL_STILL_REFERENCES' : 'KEY_STILL_REFERENCED';
    throw new CaissonError(code, { keyId, problems: blockers.map(inWords) });
  }

  /** Members erase in their own time; one that needs longer than this does it all the same. */
  async *#untilErased(groups: readonly GroupOrders[]): Steps {
    const { remains, keyId, clock, signal } = this.#parts;
    let said = '';
    let pauseMs = FIRST_LOOK_MS;
    for (let look = 0; look < LOOKS_MAX; look++) {
      const blockers: KeyBlocker[] = [];
      for (const { group } of groups) {
        const { members } = group.status();
        blockers.push(...remainsOf(await remains.ask(group, { keyId, members }, signal)));
      }
      const now = blockers.map(({ member }) => member).join();
      if (now !== said || look === 0) yield { ...groups[0]!.step('erasing'), keyId, blockers };
      if (blockers.length === 0) return;
      said = now;
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, LOOK_MS_MAX);
    }
  }

  /** Groups that know the key, or knew it; it is active in none. */
  #concerned(): readonly GroupOrders[] {
    const { groups, keyId } = this.#parts;
    const known = groups.filter((orders) => this.#standing(orders) !== 'unknown');
    if (known.length === 0) throw new CaissonError('KEY_RETIRED', { keyId, state: 'unknown' });
    if (known.every((orders) => this.#standing(orders) !== 'active')) return known;
    throw new CaissonError('INVALID_ARGUMENT', { field: 'keyId', problem: 'is active: rotate first' });
  }

  #standing({ keys }: GroupOrders): Standing {
    const { keyId } = this.#parts;
    if (keys.retiredIds.includes(keyId)) return 'gone';
    return keys.keys.find((key) => key.keyId === keyId)?.state ?? 'unknown';
  }

  #payload({ session }: GroupOrders, sub: RetirementSub): Promise<Uint8Array> {
    return retirementPayload(this.#parts.node, session, { sub, keyId: this.#parts.keyId });
  }

  #done(orders: GroupOrders) {
    return { ...orders.step('done'), keyId: this.#parts.keyId };
  }
}

async function momentOf({ keys, session }: GroupOrders): Promise<string> {
  return `${keys.stateIndex} ${await currentConfIndex(session.store)}`;
}

/** What comes back hurts nobody. */
async function* nobody(): Steps {
  // There is nothing to know.
}
