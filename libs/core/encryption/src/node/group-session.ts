import {
  CaissonError,
  type Candidate,
  type GroupEncryption,
  type GroupEncryptionStatus,
  type KekProvider,
  type KeyReferences,
  type OpenedProposal,
  type Pair,
  type ProposalSlot,
  type ProposalSource,
  type ReadableStore,
  type ReadView,
  type Store,
  type StoredValues,
  type UntrustedStore,
} from '@caisson/contracts';
import { TABLE } from '@caisson/formats';
import { Candidates } from '../candidate/candidates.js';
import { storedKind } from '../census/stored-values.js';
import type { Damage } from '../door/damage.js';
import { keyReferences } from '../census/references.js';
import { StateLeases } from '../census/state-leases.js';
import { PlainStore } from '../door/plain-store.js';
import { ProposalDoor } from '../door/proposal-door.js';
import { ValueDoor } from '../door/value-door.js';
import { ValueMender } from '../door/value-mender.js';

import type { EnvelopeSuites } from '../envelope/envelope-suite.js';
import { ProposalHold } from '../lifecycle/proposal-hold.js';
import type { SidecarChange } from '../sidecar/sidecar-merge.js';
import type { SwitchedStore } from '../snapshot/switched-store.js';
import { GroupKeys, ReadableKeys } from '../keys/readable-keys.js';
import { isBootstrapped, type LiveState } from '../state/group-state.js';
import { readAppliedIndex, readGroupState } from '../state/read-state.js';
import { usedUp } from '../usage/budget.js';
import type { WriterRegistry } from '../writers/writer-registry.js';
import type { NodeEncryption } from './node-encryption.js';
import type { NodeKeys } from './node-keys.js';

export interface GroupSessionParts {
  readonly id: number;
  readonly node: NodeEncryption;
  readonly below: SwitchedStore;
  /** Whether `below` survives the process. */
  readonly durable: boolean;
  readonly state: LiveState;
  /** Index of the last entry that is applied when the group opens. */
  readonly applied: number;
  /** Absent where encryption is off and the store cannot carry one. */
  readonly registry: WriterRegistry | undefined;
  readonly suites: EnvelopeSuites;
  readonly keys: NodeKeys;
  readonly isBornEncrypted: boolean;
  /** What the start has to write down before anything is sealed. */
  readonly restored: SidecarChange | undefined;
  onFailure(reason: string, damage: Damage): void;
  onClosed(): void;
}

/** One open group: both of its doors, and what its key state allows right now. */
export class GroupSession implements GroupEncryption {
  readonly id: number;
  readonly store: Store;
  readonly readers: ReadableStore;
  readonly applying: Store;
  readonly state: LiveState;
  readonly registry: WriterRegistry | undefined;
  /** States of the group that are read or received right now. */
  readonly leases = new StateLeases();
  /** Keeps users out for as long as a cutover takes. */
  readonly hold = new ProposalHold();
  readonly #parts: GroupSessionParts;
  readonly #door: ValueDoor;
  readonly #proposals: ProposalDoor;
  readonly #mender: ValueMender;
  readonly #candidates: Candidates;
  #replacements = 0;

  constructor(parts: GroupSessionParts) {
    const { id, below, state, applied, suites, onFailure } = parts;
    this.id = id;
    this.state = state;
    this.registry = parts.registry;
    this.#parts = parts;
    this.#candidates = new Candidates(parts.node, this);
    if (parts.node.enabled) parts.keys.seals.adoptClaims(state.current);
    const sealing = (keyId: number) => parts.keys.seals.sealing(keyId);
    const keyState = () => state.current.keys;
    const keys = new GroupKeys(parts.keys.keystore, keyState);
    this.#proposals = new ProposalDoor({ group: id, suites, keys, state, applied, sealing });
    const shared = { suites, state: keyState, sealing, onFailure };
    this.#door = new ValueDoor({ ...shared, keys });
    const behind = { below, durable: parts.durable, watch: this.#proposals };
    this.store = new PlainStore({ ...behind, door: this.#door });
    const { logger, meter } = parts.node.parts;
    const mender = new ValueMender({ group: id, below, door: this.#door, logger, meter });
    this.#mender = mender;
    const mend = (storeKey: Uint8Array, refusal: unknown) => mender.mend(storeKey, refusal);
    this.applying = new PlainStore({ ...behind, door: this.#door, mend });
    const readable = new ValueDoor({ ...shared, keys: new ReadableKeys(keys, keyState) });
    this.readers = new PlainStore({ ...behind, door: readable });
  }

  guardLog({ start }: { readonly start: number }): void {
    const { keys, applied, id } = this.#parts;
    const index = keys.book.content?.groups.get(id)?.raftAppliedIndex ?? 0;
    if (index > applied && index <= start) {
      throw new CaissonError('SIDECAR_COMPACTED_GAP', { group: id, index, applied, logStart: start });
    }
  }

  async beginSealing(log?: {
    readonly last: number;
    readonly registeredEpoch?: number | undefined;
  }): Promise<void> {
    const { keys, restored, id } = this.#parts;
    const index = keys.book.content?.groups.get(id)?.raftAppliedIndex ?? 0;
    if (log !== undefined && index > log.last) {
      throw new CaissonError('CORRUPTION', {
        group: id,
        problem: 'the log ends before a key entry',
        index,
        last: log.last,
      });
    }
    if (restored !== undefined) await keys.book.record(restored);
    const { activeStorage, activeRaft } = this.state.current.keys;
    await keys.takeEpochs([activeStorage, activeRaft], log?.registeredEpoch);
  }

  sealProposal(at: ProposalSlot, payload: Uint8Array): Uint8Array {
    return this.#proposals.seal(at, payload);
  }

  openProposal(at: { readonly term: number; readonly index: number }, data: Uint8Array): OpenedProposal {
    return this.#proposals.open(at, data);
  }

  admission(source: ProposalSource): CaissonError | undefined {
    const { keys, isBornEncrypted, id } = this.#parts;
    if (keys.seals.stopped !== undefined) return keys.seals.stopped;
    if (source === 'system') return undefined;
    if (isBornEncrypted && !this.isEncrypted)
      return new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED', { group: id });
    if (!this.isRegistered) return new CaissonError('WRITER_NOT_REGISTERED', { group: id });
    return this.hold.reason ?? usedUp(this.state.current, keys.limits, id);
  }

  challenge(candidate: bigint, signal?: AbortSignal, through?: KekProvider): Promise<Uint8Array> {
    return this.#candidates.challenge(candidate, signal, through);
  }

  admit(candidate: Candidate, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    return this.#candidates.admit(candidate, signal);
  }

  unregisteredKeys(member: bigint): Promise<readonly number[]> {
    return this.#candidates.unregisteredKeys(member);
  }

  registeredEpoch(member: bigint): Promise<number | undefined> {
    return this.#candidates.registeredEpoch(member);
  }

  keyReferences(keyId: number, signal?: AbortSignal): Promise<Omit<KeyReferences, 'logStart'>> {
    const { keys, node } = this.#parts;
    return keyReferences({ session: this, keys, clock: node.parts.clock }, keyId, signal);
  }

  /** Whether both envelopes are in force. */
  get isEncrypted(): boolean {
    const { storageEnvelopeActive, raftEnvelopeActive } = this.state.current.keys;
    return storageEnvelopeActive && raftEnvelopeActive;
  }

  /** Active DEKs under which the registry does not know this process's epoch yet. */
  get unregistered(): readonly number[] {
    if (!isBootstrapped(this.state.current)) return [];
    const { keys, ownEpochs } = this.state.current;
    const { seals } = this.#parts.keys;
    return [keys.activeStorage, keys.activeRaft].filter((keyId) => {
      const registered = ownEpochs.get(keyId);
      return registered === undefined || registered !== seals.epochOf(keyId);
    });
  }

  get isRegistered(): boolean {
    return this.unregistered.length === 0;
  }

  get status(): GroupEncryptionStatus {
    const { keys } = this.state.current;
    return {
      group: this.id,
      bootstrapped: isBootstrapped(this.state.current),
      storageEnvelopeActive: keys.storageEnvelopeActive,
      storageEnvelopeCutoverIndex: keys.storageCutoverIndex,
      raftEnvelopeCutoverIndex: keys.raftCutoverIndex,
      registered: this.isRegistered,
    };
  }

  /** How often the store was replaced since the group was opened. */
  get replacements(): number {
    return this.#replacements;
  }

  /** No entry above this index is sealed under the Raft DEK, as far as this node has sealed and applied. */
  lastUse(keyId: number): number {
    return this.#proposals.lastUse(keyId);
  }

  /** A row as stored, and the value behind one. */
  stored(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#parts.below.get(key);
  }

  /** For another member. What is not sealed proves nothing to it. */
  async storedValue(storeKey: Uint8Array): Promise<Uint8Array | undefined> {
    if (storeKey[0] !== TABLE.versions) return undefined;
    const stored = await this.#parts.below.get(storeKey);
    return stored !== undefined && storedKind(stored).kind === 'sealed' ? stored : undefined;
  }

  useSource(source: StoredValues): void {
    this.#mender.useSource(source);
  }

  openStored(key: Uint8Array, stored: Uint8Array): Uint8Array {
    return this.#door.up(key, stored);
  }

  /**
   * Makes everything written so far survive a loss of power, and one more row with it. To be called in the
   * group's writer queue.
   */
  async settle(row?: Pair): Promise<void> {
    const batch = this.#parts.below.batch();
    if (row !== undefined) batch.put(row.key, row.value);
    await batch.write({ sync: true });
  }

  /** The rows as stored, at this moment. */
  storedView(): ReadView {
    return this.#parts.below.view('forward', { sweeps: true });
  }

  async scrub(signal?: AbortSignal): Promise<void> {
    await this.#parts.below.scrub(signal);
  }

  /**
   * Another store takes the place of the group's, and with it everything that was remembered of the old one.
   * Its keys must be held by now.
   */
  async replaceStore(open: () => Promise<UntrustedStore>): Promise<void> {
    const { below, keys } = this.#parts;
    await below.replace(open);
    this.#replacements++;
    const applied = await readAppliedIndex(below);
    this.state.current = await readGroupState(below, this.registry, keys.seals.fullNodeId);
    keys.seals.adoptClaims(this.state.current);
    this.#proposals.forget(applied);
  }

  async close(): Promise<void> {
    this.#parts.onClosed();
    await this.#parts.below.close();
  }
}
