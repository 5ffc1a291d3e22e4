import {
  CaissonError,
  isCaissonError,
  type OpenedProposal,
  type ProposalSlot,
  type WritableBatch,
} from '@caisson/contracts';
import {
  decodeIndexRow,
  decodeProposal,
  encodeClearProposal,
  encodeCutoverProgress,
  encodeSealedProposal,
  envelopeKeyId,
  type KeyState,
  type Proposal,
  SYSTEM_KEYS,
} from '@caisson/formats';
import type { EnvelopeSuites, KeyFinder, SealingKey } from '../envelope/envelope-suite.js';
import { type LiveState, raftCutover } from '../state/group-state.js';
import { OwnPayloads } from './own-payloads.js';
import type { BatchWatch } from './plain-store.js';

export interface ProposalDoorParts {
  readonly group: number;
  readonly suites: EnvelopeSuites;
  readonly keys: KeyFinder;
  readonly state: LiveState;
  /** What is applied when the door opens: nothing that follows is known of keys used up to there. */
  readonly applied: number;
  /** The Raft DEK as this node may seal under it. */
  sealing(keyId: number): SealingKey;
}

type Place = { readonly term: number; readonly index: number };

/**
 * Seals what enters the log above the group's Raft cutover, and opens what was committed, by the cutover as
 * of the entry before.
 *
 * Remembers the first sealed entry that was opened, and adds it to the batch that applies that very entry:
 * from then on a clear entry above the cutover is corruption, on every replica and after every restart
 * alike.
 */
export class ProposalDoor implements BatchWatch {
  readonly #parts: ProposalDoorParts;
  #firstSealedIndex: number | undefined;
  #isSealedSeenWritten = false;
  readonly #lastUses = new Map<number, number>();
  readonly #own = new OwnPayloads();
  #unknownUpTo: number;

  constructor(parts: ProposalDoorParts) {
    this.#parts = parts;
    this.#unknownUpTo = parts.applied;
  }

  seal(at: ProposalSlot, payload: Uint8Array): Uint8Array {
    const { group, state, suites } = this.#parts;
    if (at.index <= raftCutover(state.current)) return encodeClearProposal(at.proposalId, payload);
    const by = this.#parts.sealing(state.current.keys.activeRaft);
    this.#used(by.key.keyId, at.index);
    const data = encodeSealedProposal(
      at.proposalId,
      suites.writer.sealPayload(by, { group, ...at }, payload),
    );
    this.#own.add(at, data, payload);
    return data;
  }

  open(at: Place, data: Uint8Array): OpenedProposal {
    const proposal = decodeProposal(data);
    const own = this.#own.take(at, data);
    return proposal.kind === 'clear' ? this.#openClear(at, proposal) : this.#openSealed(at, proposal, own);
  }

  willWrite(batch: WritableBatch, appliedIndex: Uint8Array | undefined): void {
    this.#isSealedSeenWritten = false;
    const { progress } = this.#parts.state.current;
    if (this.#firstSealedIndex === undefined || progress === undefined || appliedIndex === undefined) return;
    if (decodeIndexRow(appliedIndex) < this.#firstSealedIndex) return;
    batch.put(SYSTEM_KEYS.cutoverProgress, encodeCutoverProgress({ ...progress, sealedSeen: true }));
    this.#isSealedSeenWritten = true;
  }

  onWritten(): void {
    const { state } = this.#parts;
    const { progress } = state.current;
    if (!this.#isSealedSeenWritten || progress === undefined) return;
    state.current = { ...state.current, progress: { ...progress, sealedSeen: true } };
    this.#firstSealedIndex = undefined;
  }

  /** The state was replaced: what was opened before belongs to another history. */
  forget(applied: number): void {
    this.#firstSealedIndex = undefined;
    this.#isSealedSeenWritten = false;
    this.#own.clear();
    this.#lastUses.clear();
    this.#unknownUpTo = applied;
  }

  /**
   * No entry above this index is sealed under the key, as far as this node has sealed and applied. Never too
   * low: what was in the log before the process began may be under any key.
   */
  lastUse(keyId: number): number {
    return this.#lastUses.get(keyId) ?? this.#unknownUpTo;
  }

  #used(keyId: number, index: number): void {
    const known = this.#lastUses.get(keyId);
    if (known !== undefined && known >= index) return;
    this.#lastUses.set(keyId, index);
  }

  #openClear(at: Place, proposal: Proposal): OpenedProposal {
    const { proposalId, body } = proposal;
    if (at.index <= raftCutover(this.#parts.state.current))
      return { kind: 'payload', proposalId, payload: body };
    const { keys, progress } = this.#parts.state.current;
    if (keys.sealedModeIndex !== 0) throw this.#halt(at, 'a clear entry in sealed mode');
    const isSealedSeen = this.#firstSealedIndex !== undefined || progress?.sealedSeen !== false;
    if (at.term !== progress?.term || isSealedSeen) throw this.#halt(at, 'a clear entry above the cutover');
    if (this.#wasSealed(at, proposal)) throw this.#halt(at, 'a sealed entry that says it is clear');
    return { kind: 'refused', proposalId, error: this.#cutoverInProgress(at) };
  }

  /** No clear payload opens: whoever made this one had the key, and somebody else changed its kind. */
  #wasSealed(at: Place, { proposalId, body }: Proposal): boolean {
    const { group, keys, suites } = this.#parts;
    try {
      return suites.reader(body).openPayload(keys, { group, ...at, proposalId }, body) !== undefined;
    } catch (error) {
      if (isCaissonError(error)) return false;
      throw error;
    }
  }

  #openSealed(at: Place, { proposalId, body }: Proposal, own: Uint8Array | undefined): OpenedProposal {
    const { group, state } = this.#parts;
    if (at.index <= raftCutover(state.current))
      throw this.#halt(at, 'a sealed entry at or below the cutover');
    try {
      const keyId = envelopeKeyId(body);
      if (isEnded(state.current.keys, keyId)) {
        return { kind: 'refused', proposalId, error: this.#cutoverInProgress(at) };
      }
      this.#used(keyId, at.index);
      const place = { group, ...at, proposalId };
      const payload = own ?? this.#parts.suites.reader(body).openPayload(this.#parts.keys, place, body);
      if (payload === undefined) throw this.#halt(at, 'does not authenticate', keyId);
      if (state.current.progress?.sealedSeen === false) this.#firstSealedIndex ??= at.index;
      return { kind: 'payload', proposalId, payload };
    } catch (error) {
      if (!isCaissonError(error) || error.code === 'RAFT_UNWRAP_FAILED') throw error;
      throw new CaissonError('RAFT_UNWRAP_FAILED', { group, ...at, reason: error.code }, { cause: error });
    }
  }

  #cutoverInProgress({ term, index }: Place): CaissonError {
    return new CaissonError('ENVELOPE_CUTOVER_IN_PROGRESS', { group: this.#parts.group, term, index });
  }

  #halt({ term, index }: Place, reason: string, keyId?: number): CaissonError {
    const details = { group: this.#parts.group, term, index, reason };
    return new CaissonError('RAFT_UNWRAP_FAILED', keyId === undefined ? details : { ...details, keyId });
  }
}

/** Nobody who leads has such a key in use: whoever sealed under it did so before that was decided. */
function isEnded({ keys, retiredIds }: KeyState, keyId: number): boolean {
  if (retiredIds.includes(keyId)) return true;
  return keys.some((key) => key.keyId === keyId && key.state === 'suspended');
}
