import { CaissonError, type HealthReport, type ProposeOptions } from '@caisson/contracts';
import { abortError } from '../proposals/abandon.js';
import type { GroupMachinery } from './group-machinery.js';
import type { GroupParts } from './group-parts.js';

/** Whether a group can do what is asked of it, and why not. */
export class GroupCondition {
  /** Log or core failed. */
  failure: CaissonError | undefined;
  isDraining = false;
  isStopped = false;
  readonly #parts: GroupParts;
  readonly #machinery: GroupMachinery;

  constructor(parts: GroupParts, machinery: GroupMachinery) {
    this.#parts = parts;
    this.#machinery = machinery;
  }

  /** What ended the group, if anything did. */
  get halted(): CaissonError | undefined {
    return this.#machinery.loop.halted ?? this.failure;
  }

  /** Whether this node alone decides. */
  get isAlone(): boolean {
    const { members, self } = this.#machinery;
    const { voters, votersOutgoing } = members.book.confState;
    return voters.length === 1 && voters[0] === self && votersOutgoing.length === 0;
  }

  /** Whether the first entry, which names this node, is still to be applied. */
  get isFounding(): boolean {
    const isEmpty = this.#machinery.members.book.members.length === 0;
    return isEmpty && this.#parts.identity.joined !== true;
  }

  /** Why nothing may be written any more. */
  refusal(): CaissonError | undefined {
    if (this.#machinery.loop.halted !== undefined) return this.#machinery.loop.halted;
    return this.isStopped || this.failure !== undefined ? drainingError(this.failure) : undefined;
  }

  requireService(): void {
    const refusal = this.refusal();
    if (refusal !== undefined) throw refusal;
  }

  /** Throws why nothing is proposed: a payload that no applier owns would halt every replica. */
  admit(payload: Uint8Array, { source, signal }: ProposeOptions): void {
    if (signal?.aborted === true) throw abortError(signal);
    this.requireService();
    if (this.isDraining) throw drainingError();
    const opcode = payload[0];
    if (opcode === undefined) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'payload', problem: 'is empty' });
    }
    if (!this.#parts.opcodes.owns(opcode)) throw new CaissonError('OPCODE_UNOWNED', { opcode });
    const held = this.#parts.encryption.admission(source);
    if (held !== undefined) throw held;
  }

  health(): HealthReport {
    const { id, options } = this.#parts;
    if (this.halted !== undefined) {
      return { status: 'failed', reason: `group ${id}: ${this.halted.message}` };
    }
    const { election, ms } = options.ticks;
    if (this.#machinery.leadership.leaderlessMs <= 2 * election * ms) return { status: 'ok' };
    return { status: 'degraded', reason: `group ${id} ${this.#lack()}` };
  }

  /** What a group without a leader waits for. */
  #lack(): string {
    const { leadership, members } = this.#machinery;
    const isMember = members.book.byName(this.#parts.identity.name) !== undefined;
    if (isMember) return `has had no leader for ${Math.round(leadership.leaderlessMs / 1000)} s`;
    return members.book.members.length === 0 ? 'waits to be let in' : 'has this node no longer as a member';
  }
}

export function drainingError(cause?: CaissonError): CaissonError {
  return new CaissonError('DRAINING', {}, { cause });
}
