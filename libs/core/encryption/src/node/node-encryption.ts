import { invariant } from '@caisson/base';
import {
  CaissonError,
  type EncryptionLayer,
  type EncryptionService,
  type EncryptionStatus,
  type Meter,
  type UntrustedStore,
} from '@caisson/contracts';
import { ENVELOPE_V1 } from '@caisson/formats';
import { answerChallenge } from '../candidate/answer.js';
import { Packing } from '../compression/packing.js';
import { FirstKeys } from '../driver/first-keys.js';
import { EnvelopeSuites } from '../envelope/envelope-suite.js';
import { envelopeV1 } from '../envelope/envelope-v1.js';
import { envelopeV2 } from '../envelope/envelope-v2.js';
import { isBootstrapped, LiveState } from '../state/group-state.js';
import { readAppliedIndex, readGroupState } from '../state/read-state.js';
import { SwitchedStore } from '../snapshot/switched-store.js';
import { openWriterRegistryStore, WriterRegistry } from '../writers/writer-registry.js';
import type { NodeEncryptionParts } from './encryption-config.js';
import { guardGroup, guardKeyState } from './group-guards.js';
import { GroupSession } from './group-session.js';
import { NodeKeys } from './node-keys.js';
import { restoreSidecar } from './restore-sidecar.js';
import { guardStart } from './start-guards.js';

/** The encryption of one node, from its start to its stop. */
export class NodeEncryption implements EncryptionLayer, EncryptionService {
  readonly enabled: boolean;
  readonly keys: NodeKeys;
  readonly parts: NodeEncryptionParts;
  readonly firstKeys = new FirstKeys(this);
  readonly #suites: EnvelopeSuites;
  readonly #sessions = new Map<number, GroupSession>();
  readonly #onFailure: (reason: string, damage: string) => void;
  #isOpen = false;

  constructor(parts: NodeEncryptionParts) {
    const { config, stores } = parts;
    if (config.enabled && !stores.capabilities.syncedWrites) {
      throw new CaissonError('UNSUPPORTED_STORE_FOR_WRITER_REGISTRY');
    }
    this.enabled = config.enabled;
    this.parts = parts;
    this.keys = new NodeKeys(parts);
    const packing = new Packing({ compressor: parts.compressor, isOn: config.compression === true });
    this.#suites = new EnvelopeSuites([envelopeV1, envelopeV2], config.envelopeVersion, packing);
    this.#onFailure = countFailures(parts.meter);
  }

  /** Runs the guards that come before any store or log; holds every DEK of the sidecar afterwards. */
  async open(signal?: AbortSignal): Promise<void> {
    await guardStart(this.parts, this.keys, signal);
    if (this.enabled) await this.keys.floors.load();
    this.#warnOfVersion1();
    this.#isOpen = true;
  }

  get needsRegisteredEpoch(): boolean {
    return this.enabled && this.parts.config.envelopeVersion === ENVELOPE_V1;
  }

  answer(challenge: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return answerChallenge(this, challenge, signal);
  }

  /** Forgets every key. Groups must be closed. */
  close(): void {
    this.keys.leave();
    this.keys.keystore.erase();
    this.#isOpen = false;
  }

  async openGroup(id: number, signal?: AbortSignal): Promise<GroupSession> {
    invariant('ENC-5', this.#isOpen, 'a group is opened before the start-up guards have passed');
    const { stores, directory } = this.parts;
    const below = new SwitchedStore(await stores.open(directory.group(id).store, signal));
    try {
      const session = await this.#openSession(id, below, signal);
      this.#sessions.set(id, session);
      return session;
    } catch (error) {
      await below.close();
      throw error;
    }
  }

  /** Of open groups. */
  get sessions(): readonly GroupSession[] {
    return [...this.#sessions.values()];
  }

  /** An open group. */
  session(id: number): GroupSession {
    const session = this.#sessions.get(id);
    invariant('ENC-6', session !== undefined, 'a group is used before it is opened');
    return session;
  }

  status(): EncryptionStatus {
    const { config, directory } = this.parts;
    const { seals, book } = this.keys;
    const keys = [...(book.content?.keys ?? [])].map(([keyId, { purpose, state, localEpoch }]) => ({
      keyId,
      purpose,
      state,
      localEpoch,
    }));
    return {
      enabled: this.enabled,
      birth: directory.identity.birth,
      envelopeVersion: config.envelopeVersion,
      fullNodeId: seals.fullNodeId,
      keys,
      groups: this.sessions.map((session) => session.status),
    };
  }

  #warnOfVersion1(): void {
    const { config, logger } = this.parts;
    if (!config.enabled || config.envelopeVersion !== ENVELOPE_V1) return;
    logger.log('warn', 'new data is sealed in envelope version 1, which a rolled back or cloned disk breaks');
  }

  async #openSession(id: number, below: SwitchedStore, signal?: AbortSignal): Promise<GroupSession> {
    const { parts, keys } = this;
    const registry = this.registryOf(below);
    const state = await readGroupState(below, registry, keys.seals.fullNodeId);
    const group = { id, store: below, state, registry };
    await guardGroup(parts, keys, group);
    const isLost = isBootstrapped(state) && keys.book.content?.groups.get(id) === undefined;
    const restored = isLost ? await restoreSidecar(keys, id, state, signal) : undefined;
    guardKeyState(parts, keys, group);
    return new GroupSession({
      durable: this.parts.stores.capabilities.durable,
      id,
      node: this,
      below,
      state: new LiveState(state),
      applied: await readAppliedIndex(below),
      registry,
      suites: this.#suites,
      keys,
      isBornEncrypted: parts.directory.identity.birth === 'encrypted',
      restored,
      onFailure: this.#onFailure,
      onClosed: () => void this.#sessions.delete(id),
    });
  }

  /** With encryption off a store without synced writes may serve; then a registration halts instead. */
  registryOf(below: UntrustedStore): WriterRegistry | undefined {
    const { capabilities } = this.parts.stores;
    if (!this.enabled && !capabilities.syncedWrites) return undefined;
    return new WriterRegistry(openWriterRegistryStore(below, capabilities));
  }
}

function countFailures(meter: Meter | undefined): (reason: string, damage: string) => void {
  const counter = meter?.counter({
    name: 'encryption_decrypt_failures_total',
    help: 'Values and payloads that did not open, by error code, and what was done to them.',
    labels: ['reason', 'damage'],
  });
  // There to be watched before the first failure.
  counter?.add(0, { reason: 'ENCRYPTED_READ_INTEGRITY' });
  return (reason, damage) => counter?.add(1, { reason, damage });
}
