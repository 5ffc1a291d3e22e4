import { ByteReader } from '@caisson/base';
import {
  CaissonError,
  type Clock,
  type DekPurpose,
  type GroupStatus,
  isCaissonError,
  type KeyProgress,
  type Member,
  type ReplicatedGroup,
} from '@caisson/contracts';
import type { KeyRecord, KeyState } from '@caisson/formats';
import { currentConfIndex } from '../apply/entry-context.js';
import {
  bootstrapPayload,
  enablingPayload,
  rewrapPayload,
  sealedModePayload,
} from '../driver/key-entries.js';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { isBootstrapped } from '../state/group-state.js';
import { requireCapable } from './capability-check.js';
import { isWrappedByAll } from './kek-checks.js';
import type { MemberPoll } from './member-poll.js';
import type { MemberScrubs } from './member-scrub.js';

export interface GroupOrdersParts {
  readonly node: NodeEncryption;
  readonly group: ReplicatedGroup;
  readonly poll: MemberPoll;
  readonly scrubs: Pick<MemberScrubs, 'carryOut'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
}

export type Steps = AsyncGenerator<KeyProgress, void, undefined>;

/** One entry that an order asks for. */
export interface Wanted {
  readonly step: KeyProgress['step'];
  /** Whether users wait from just before the entry until it is applied. */
  readonly holds?: boolean;
  isInForce(keys: KeyState): boolean | Promise<boolean>;
  payload(): Promise<Uint8Array>;
  /** What must be known before the entry is made; else that every member is capable. */
  ask?(members: readonly Member[]): Steps;
  /** The key that is active once it is in force; 0 for none. */
  keyId?(keys: KeyState): number;
}

/** Keys or members may move between the look and the entry as often as this before an order gives up. */
const ATTEMPTS_MAX = 5;
/** Users are held back no longer than this for one attempt. */
const HOLD_MS_MAX = 5_000;

/** What an order about keys comes to in one group, on its leader. It decides from applied state alone. */
export class GroupOrders {
  readonly #parts: GroupOrdersParts;
  readonly session: GroupSession;
  /** The membership whose members all proved themselves. */
  #askedConfIndex: number | undefined;

  constructor(parts: GroupOrdersParts) {
    this.#parts = parts;
    this.session = parts.node.session(parts.group.id);
  }

  get keys(): KeyState {
    return this.session.state.current.keys;
  }

  get group(): ReplicatedGroup {
    return this.#parts.group;
  }

  get isBootstrapped(): boolean {
    return isBootstrapped(this.session.state.current);
  }

  /** The first keys, which seal nothing yet. */
  async *bootstrap(): Steps {
    yield* this.#firstKeys();
    yield this.step('done');
  }

  async *enableStorage(): Steps {
    const { node } = this.#parts;
    yield* this.#firstKeys();
    yield* this.bring({
      step: 'enabling',
      isInForce: ({ storageEnvelopeActive }) => storageEnvelopeActive,
      payload: () => enablingPayload(node, this.session, 'storage'),
      keyId: ({ activeStorage }) => activeStorage,
    });
    yield this.step('done');
  }

  /**
   * Proposals have their places in the order in which they came: with users held back, whatever they proposed
   * before is applied before the cutover, and nothing of theirs comes between the cutover and its apply here.
   */
  async *enableRaft(): Steps {
    const { node, group, dryRun } = this.#parts;
    if (!this.keys.storageEnvelopeActive && !(dryRun && !this.isBootstrapped))
      throw new CaissonError('ENVELOPE_ORDER', { group: group.id });
    yield* this.bring({
      step: 'enabling',
      holds: true,
      isInForce: ({ raftEnvelopeActive }) => raftEnvelopeActive,
      payload: () => enablingPayload(node, this.session, 'raft'),
      keyId: ({ activeRaft }) => activeRaft,
    });
    const { raftCutoverIndex } = this.keys;
    // The same order whenever it is repeated: what was begun is not begun again.
    yield* this.#scrub(raftCutoverIndex, BigInt(raftCutoverIndex));
    yield this.step('done');
  }

  /** Whatever is applied by now leaves the logs. */
  async *scrub(): Steps {
    const { group, node } = this.#parts;
    yield* this.#scrub(group.status().applied, new ByteReader(node.parts.random.bytes(8)).u64('id'));
    yield this.step('done');
  }

  #firstKeys(): Steps {
    const { node, signal } = this.#parts;
    return this.bring({
      step: 'bootstrapping',
      isInForce: () => this.isBootstrapped,
      payload: () => bootstrapPayload(node, this.session, signal),
    });
  }

  /** Nothing clear is genuine any more; so both envelopes come first, here as in the entry. */
  async *sealMode(): Steps {
    const { node, group } = this.#parts;
    if (!this.session.isEncrypted) {
      const problem = 'both envelopes come before sealed mode';
      throw new CaissonError('ENVELOPE_ORDER', { group: group.id, problem });
    }
    yield* this.bring({
      step: 'sealing',
      isInForce: ({ sealedModeIndex }) => sealedModeIndex !== 0,
      payload: () => sealedModePayload(node, this.session),
    });
    yield this.step('done');
  }

  async *rotate(purpose: DekPurpose, from: readonly number[], payload: () => Promise<Uint8Array>): Steps {
    const activeOf = (keys: KeyState) => activeKey(keys, purpose);
    const isInForce = (keys: KeyState) => !from.includes(activeOf(keys));
    yield* this.bring({ step: 'rotating', isInForce, payload, keyId: activeOf });
    yield { ...this.step('done'), keyId: activeOf(this.keys) };
  }

  async *rewrap(): Steps {
    const { node, signal } = this.#parts;
    yield* this.bring({
      step: 'rewrapping',
      isInForce: (keys) => isWrappedByAll(node, unretired(keys)),
      payload: () => rewrapPayload(node, this.session, signal),
    });
    yield this.step('done');
  }

  /**
   * Asks, makes the entry and has it applied; again where keys or members moved meanwhile. A failure after
   * which nobody knows is settled by what is applied here.
   */
  async *bring(wanted: Wanted): Steps {
    const { dryRun, signal } = this.#parts;
    for (let attempt = 1; !(await wanted.isInForce(this.keys)); attempt++) {
      signal?.throwIfAborted();
      // In this order: members that changed in between are asked, and the entry is made again.
      const confIndex = await currentConfIndex(this.session.store);
      const { members } = this.requireLead();
      yield* wanted.ask?.(members) ?? this.#askOnce(members, confIndex);
      if (wanted.holds === true) yield this.step('holding');
      yield this.step(wanted.step);
      if (dryRun) return;
      const failure = await this.#attempt(wanted, confIndex);
      if (failure === undefined || (await wanted.isInForce(this.keys))) return this.#log(wanted);
      if (attempt >= ATTEMPTS_MAX || !isCaissonError(failure, 'STATE_STALE')) throw failure;
    }
  }

  async *#scrub(through: number, id: bigint): Steps {
    const { dryRun, group, scrubs, signal } = this.#parts;
    yield this.step('scrubbing');
    if (dryRun) return;
    const { leader, members } = group.status();
    const order = { group: group.id, id, through, members, leader };
    for await (const stages of scrubs.carryOut(order, signal)) {
      yield { ...this.step('scrubbing'), scrubs: stages };
    }
  }

  /** Those who proved themselves need not do it twice. */
  async *#askOnce(members: readonly Member[], confIndex: number): Steps {
    if (confIndex !== this.#askedConfIndex) yield* this.#ask(members);
    this.#askedConfIndex = confIndex;
  }

  async *#ask(members: readonly Member[]): Steps {
    const { node, poll, signal } = this.#parts;
    yield this.step('asking');
    const names = await requireCapable({ session: this.session, members, poll }, signal);
    node.parts.logger.log('info', 'every member proved that it holds the KEK', { members: names.join(' ') });
    yield { ...this.step('asking'), members: names };
  }

  async #attempt(wanted: Wanted, confIndex: number): Promise<unknown> {
    const { group, node, signal } = this.#parts;
    try {
      const payload = await wanted.payload();
      // The entry names the membership as it is now; the members of the one before are those that were asked.
      const now = await currentConfIndex(this.session.store);
      if (now !== confIndex) return new CaissonError('STATE_STALE', { group: group.id, membership: now });
      this.requireLead();
      const options = { source: 'system' as const, ...(signal && { signal }) };
      const proposing =
        wanted.holds === true ? this.#proposeHolding(payload) : group.propose(payload, options);
      const { outcome } = await proposing;
      return outcome.kind === 'refused' ? outcome.error : undefined;
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      node.parts.logger.log('warn', 'an order about keys met a failure', { entry: wanted.step, error });
      return error;
    }
  }

  async #proposeHolding(payload: Uint8Array) {
    const { clock, group, signal } = this.#parts;
    const control = new AbortController();
    const leave = () => control.abort(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    const reason = new CaissonError('ENVELOPE_CUTOVER_IN_PROGRESS', { group: group.id });
    const release = this.session.hold.begin(reason);
    const problem = 'the cutover was not applied in time; users are let in again';
    const endLimit = clock.after(HOLD_MS_MAX, () => {
      control.abort(new CaissonError('UNKNOWN_OUTCOME', { group: group.id, problem }));
    });
    try {
      return await group.propose(payload, { source: 'system', signal: control.signal });
    } finally {
      release();
      endLimit();
      signal?.removeEventListener('abort', leave);
    }
  }

  requireLead(): GroupStatus {
    const status = this.#parts.group.status();
    if (status.leads) return status;
    const { id, leader, members } = status;
    const address = members.find(({ name }) => name === leader)?.clientAddress;
    throw new CaissonError('NOT_LEADER', {
      group: id,
      ...(leader !== undefined && { leader }),
      ...(address !== undefined && { address }),
    });
  }

  step(step: KeyProgress['step']): KeyProgress {
    const { dryRun, group } = this.#parts;
    return { group: group.id, step, ...(dryRun && { planned: true }) };
  }

  #log({ step, keyId }: Wanted): void {
    const { group, node } = this.#parts;
    const key = keyId === undefined ? {} : { keyId: keyId(this.keys) };
    node.parts.logger.log('info', 'an order about keys is in force', {
      group: group.id,
      entry: step,
      ...key,
    });
  }
}

export function activeKey(keys: KeyState, purpose: DekPurpose): number {
  return purpose === 'storage' ? keys.activeStorage : keys.activeRaft;
}

export function unretired({ keys }: KeyState): readonly KeyRecord[] {
  return keys.filter(({ state }) => state !== 'retired');
}
