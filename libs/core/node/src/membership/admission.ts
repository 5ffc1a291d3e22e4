import { equalBytes } from '@caisson/base';
import {
  CaissonError,
  type Clock,
  type GroupEncryption,
  type MemberProgress,
  type MembershipChange,
  type NodeIdentity,
  type Proposed,
  type ProposeOptions,
  type RaftTransport,
} from '@caisson/contracts';
import {
  decodeIdentityAnswer,
  encodeIdentityQuestion,
  fullNodeId,
  type IdentityAnswer,
} from '@caisson/formats';
import type { MembershipBook } from './membership-book.js';
import { raftIdOf } from './raft-id.js';

/** What admission needs of the group, on its leader. */
export interface AdmittingGroup {
  readonly id: number;
  readonly book: MembershipBook;
  readonly encryption: Pick<GroupEncryption, 'challenge' | 'admit' | 'unregisteredKeys'>;
  /** Position of the leader's last entry. */
  readonly last: number;
  progressOf(name: string): MemberProgress | undefined;
  propose(payload: Uint8Array, options: ProposeOptions): Promise<Proposed>;
}

export interface AdmissionLimits {
  /** A learner is promoted once it lacks no more entries than this. */
  readonly lagEntries: number;
  /** How long a candidate may take to answer. */
  readonly answerMs: number;
}

export const DEFAULT_ADMISSION_LIMITS: AdmissionLimits = Object.freeze({
  lagEntries: 1000,
  answerMs: 10_000,
});

export interface AdmissionParts {
  identity(): NodeIdentity;
  readonly transport: Pick<RaftTransport, 'ask'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly limits: AdmissionLimits;
}

interface Asked {
  readonly name: string;
  readonly address: string;
}

/**
 * What must be true before a node gets a part in a group: it answers where it says it does, is of this
 * cluster, can keep its secrets, shares no number with anybody, and its epochs are registered and applied. A
 * learner that is to vote has to have caught up as well.
 *
 * Called on the leader before the change is proposed. Throws why not; nothing of the membership has changed
 * then, and registrations that went ahead harm nobody. `remove` and `update` pass.
 */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  async admit(group: AdmittingGroup, change: MembershipChange, signal?: AbortSignal): Promise<void> {
    const { kind, name } = change;
    if (kind !== 'addLearner' && kind !== 'promote') return;
    const address = kind === 'addLearner' ? change.address : (group.book.byName(name)?.address ?? '');
    if (address === '') {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'address', name, problem: 'is not known' });
    }
    if (kind === 'promote') this.#requireCaughtUp(group, name);
    refuseSameNumber(group, name);
    await this.#register(group, { name, address }, signal);
  }

  #requireCaughtUp(group: AdmittingGroup, name: string): void {
    const progress = group.progressOf(name);
    const matched = progress?.matched ?? 0;
    const details = { group: group.id, name, matched, goal: group.last };
    if (progress?.active !== true) {
      throw new CaissonError('NOT_CAUGHT_UP', { ...details, problem: 'is not heard of' });
    }
    if (matched + this.#parts.limits.lagEntries < group.last)
      throw new CaissonError('NOT_CAUGHT_UP', details);
  }

  async #register(group: AdmittingGroup, asked: Asked, signal?: AbortSignal): Promise<void> {
    const { encryption, book } = group;
    const { name } = asked;
    const id = fullNodeId(name);
    const challenge = await encryption.challenge(id, signal);
    const answer = await this.#ask(group.id, asked, challenge, signal);
    this.#requireSameCluster(group.id, name, answer);
    const members = book.members.map((member) => member.name);
    const candidate = { name, fullNodeId: id, members, challenge, answer: answer.capability };
    let refusal: CaissonError | undefined;
    for (const payload of await encryption.admit(candidate, signal)) {
      const options: ProposeOptions = { source: 'system', ...(signal === undefined ? {} : { signal }) };
      const { outcome } = await group.propose(payload, options);
      // It may have registered itself meanwhile, further than we wanted: the rows decide.
      if (outcome.kind === 'refused') refusal = outcome.error;
    }
    const missing = await encryption.unregisteredKeys(id);
    if (missing.length === 0) return;
    const details = { group: group.id, candidate: name, keys: missing.map(String) };
    const reason = refusal?.code ?? 'not applied';
    throw new CaissonError('PEER_NOT_ENCRYPTION_REGISTERED', { ...details, reason }, { cause: refusal });
  }

  async #ask(
    group: number,
    { name, address }: Asked,
    challenge: Uint8Array,
    signal?: AbortSignal,
  ): Promise<IdentityAnswer> {
    signal?.throwIfAborted();
    const { clock, limits, transport } = this.#parts;
    const control = new AbortController();
    const leave = () => control.abort(signal?.reason);
    const problem = 'the candidate did not answer in time';
    const endLimit = clock.after(limits.answerMs, () => {
      control.abort(new CaissonError('UNAVAILABLE', { candidate: name, address, problem }));
    });
    signal?.addEventListener('abort', leave, { once: true });
    try {
      const question = encodeIdentityQuestion({ group, challenge });
      return decodeIdentityAnswer(await transport.ask({ name, address }, question, control.signal));
    } finally {
      endLimit();
      signal?.removeEventListener('abort', leave);
    }
  }

  #requireSameCluster(group: number, name: string, answer: IdentityAnswer): void {
    const { clusterId, birth, format } = this.#parts.identity();
    if (answer.name !== name || answer.fullNodeId !== fullNodeId(name)) {
      throw new CaissonError('PEER_REFUSED', { expected: name, found: answer.name });
    }
    if (!equalBytes(answer.clusterId, clusterId)) {
      throw new CaissonError('CLUSTER_MISMATCH', { candidate: name });
    }
    if (answer.birth !== birth) {
      throw new CaissonError('CLUSTER_MISMATCH', { candidate: name, born: answer.birth, cluster: birth });
    }
    if (answer.format < format) {
      throw new CaissonError('DIRECTORY_FORMAT', { candidate: name, format, supported: answer.format });
    }
    if (!answer.groups.includes(group)) {
      const problem = 'is not kept by the candidate: list it in its configuration';
      throw new CaissonError('INVALID_ARGUMENT', { field: 'group', group, candidate: name, problem });
    }
  }
}

/** Names whose numbers in the core are one. Such pairs share their 16 bits too, except in one corner. */
function refuseSameNumber({ book }: AdmittingGroup, name: string): void {
  const other = book.byRaftId(raftIdOf(fullNodeId(name)));
  if (other === undefined || other.name === name) return;
  throw new CaissonError('NODE_ID_COLLISION', { candidate: name, member: other.name });
}
