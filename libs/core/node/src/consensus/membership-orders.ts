import { CaissonError, type MembershipChange, toCaissonError } from '@caisson/contracts';
import { decodeGenesis, decodeProposal, OPCODES } from '@caisson/formats';
import { isGap, isJoint } from '@caisson/raft';
import type { AdmittingGroup } from '../membership/admission.js';
import type { GroupMachinery } from './group-machinery.js';
import type { GroupParts } from './group-parts.js';
import { memberProgress } from './member-progress.js';

/** What must hold before a change of membership is proposed, and what is done instead where it does not. */
export class MembershipOrders {
  readonly #parts: GroupParts;
  readonly #machinery: GroupMachinery;
  readonly #propose: AdmittingGroup['propose'];
  #isBusy = false;
  #publishedIn = 0;

  constructor(parts: GroupParts, machinery: GroupMachinery, propose: AdmittingGroup['propose']) {
    this.#parts = parts;
    this.#machinery = machinery;
    this.#propose = propose;
  }

  /** Resolves once the change is in force; at once if it is already. */
  async carryOut(change: MembershipChange, signal?: AbortSignal): Promise<void> {
    const { leadership, membership } = this.#machinery;
    if (!leadership.isReady) throw leadership.notLeader();
    if (this.#isInForce(change)) return;
    if (this.#isBusy) throw new CaissonError('CHANGE_PENDING', { group: this.#parts.id });
    this.#isBusy = true;
    try {
      this.#check(change);
      if (change.kind === 'remove' && change.name === this.#parts.identity.name) await this.#handOver();
      await this.#parts.admission?.admit(this.#admitting(), change, signal);
      if (change.kind === 'addLearner') await this.#dropOldGenesis();
      await membership.change(change);
    } finally {
      this.#isBusy = false;
    }
  }

  /**
   * Tells the members where this node is reached now, if they know other addresses. Once per leadership; what
   * fails is tried again in the next one.
   */
  publish(): void {
    const { leadership } = this.#machinery;
    const { addresses, identity, services } = this.#parts;
    if (addresses === undefined || this.#publishedIn === leadership.term) return;
    this.#publishedIn = leadership.term;
    const change = { kind: 'update', name: identity.name, ...addresses } as const;
    void this.carryOut(change).catch((error: unknown) => {
      services.logger.log('warn', 'own addresses are not published yet', { error: toCaissonError(error) });
    });
  }

  /** The group as it is now, for whoever judges a candidate. */
  #admitting(): AdmittingGroup {
    const { members, raw } = this.#machinery;
    return {
      id: this.#parts.id,
      book: members.book,
      encryption: this.#parts.encryption,
      last: raw.raft.log.lastIndex(),
      progressOf: (name) => memberProgress(this.#machinery).get(name),
      propose: this.#propose,
    };
  }

  /**
   * A first entry from before clusters does not name the founder, so nobody else may be given it: with it out
   * of the log, whoever is added begins with a snapshot.
   */
  async #dropOldGenesis(): Promise<void> {
    const { appendThread, compaction, raw } = this.#machinery;
    const first = raw.raft.log.firstIndex() === 1 ? raw.raft.log.slice(1, 2, Infinity) : [];
    if (isGap(first) || first[0] === undefined || namesFounder(first[0].data)) return;
    const done = compaction.want(1);
    appendThread.kick();
    await done;
  }

  #isInForce(change: MembershipChange): boolean {
    const { book } = this.#machinery.members;
    if (isJoint(this.#machinery.raw.raft.tracker.membership)) return false;
    const member = book.byName(change.name);
    if (change.kind === 'remove') return member === undefined;
    if (member === undefined) return false;
    if (change.kind === 'promote') return book.isVoter(change.name);
    const isSame = member.address === change.address && member.clientAddress === change.clientAddress;
    return isSame && (change.kind === 'update' || !book.isVoter(change.name));
  }

  #check(change: MembershipChange): void {
    const { book } = this.#machinery.members;
    const { kind, name } = change;
    const refuse = (problem: string): never => {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'name', kind, name, problem });
    };
    if (name === '') refuse('is empty');
    const isMember = book.byName(name) !== undefined;
    if (kind === 'addLearner') {
      if (this.#parts.transport === undefined) refuse('needs a transport plugin, such as transport-grpc');
      if (book.isVoter(name)) refuse('votes already; remove it first');
      return;
    }
    if (!isMember) refuse('is no member');
    if (kind === 'remove' && book.isVoter(name) && book.voters.length === 1) refuse('is the last voter');
  }

  /** A leader that goes lets somebody else lead first; the order is repeated there. */
  async #handOver(): Promise<never> {
    const { leadership, transfer } = this.#machinery;
    const successor = transfer.best();
    if (successor === undefined) throw new CaissonError('UNAVAILABLE', { problem: 'nobody can take over' });
    await transfer.to(successor);
    throw leadership.notLeader();
  }
}

/** Whether an entry is a genesis that says whose it is; also true for what is no genesis. */
function namesFounder(data: Uint8Array): boolean {
  const { body, kind } = decodeProposal(data);
  if (kind !== 'clear' || body[0] !== OPCODES.genesis) return true;
  return decodeGenesis(body).founder !== undefined;
}
