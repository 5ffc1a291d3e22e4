import { EMPTY_BYTES } from '@caisson/base';
import {
  type Applier,
  type ApplierGroup,
  type ApplyEntry,
  type ApplyOutcome,
  CaissonError,
  type GroupApplier,
  type OpcodeRange,
  type Store,
  type StoreBatch,
} from '@caisson/contracts';
import {
  decodeBootstrap,
  decodeLifecycle,
  decodeRegisterWriter,
  decodeUsageReport,
  encodeCutoverProgress,
  encodeKeyState,
  OPCODES,
  payloadOpcode,
  SYSTEM_KEYS,
  type WriterClaim,
} from '@caisson/formats';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import type { WriterRegistry } from '../writers/writer-registry.js';
import { decideBootstrap } from './bootstrap.js';
import { decideRegisterWriter } from './claims.js';
import type { Decision, Effects } from './decision.js';
import type { EntryContext } from './entry-context.js';
import { decideLifecycle } from './lifecycle.js';
import { decideUsageReport } from './usage.js';

const FIRST_OPCODE = 0x03;
const LAST_OPCODE = 0x07;

/**
 * Owns the entries that make, enable and register keys. Exists with encryption off too: such an entry must be
 * registered or halt, never be skipped.
 */
export class EncryptionApplier implements Applier {
  readonly id = 'encryption';
  readonly opcodes: readonly OpcodeRange[] = [{ first: FIRST_OPCODE, last: LAST_OPCODE, alone: true }];
  readonly #node: NodeEncryption;

  constructor(node: NodeEncryption) {
    this.#node = node;
  }

  async open(group: ApplierGroup): Promise<GroupApplier> {
    return new GroupEncryptionApplier(this.#node, this.#node.session(group.id), group.store);
  }
}

/**
 * One entry at a time: decide, make the sidecar durable, fill the batch; what the process believes changes
 * only once the batch is written.
 */
class GroupEncryptionApplier implements GroupApplier {
  readonly #node: NodeEncryption;
  readonly #session: GroupSession;
  readonly #store: Store;
  #pending: Effects | undefined;

  constructor(node: NodeEncryption, session: GroupSession, store: Store) {
    if (node.enabled && session.registry === undefined) {
      throw new CaissonError('UNSUPPORTED_STORE_FOR_WRITER_REGISTRY', { group: session.id });
    }
    this.#node = node;
    this.#session = session;
    this.#store = store;
  }

  async apply(entry: ApplyEntry, batch: StoreBatch): Promise<ApplyOutcome> {
    const decision = await this.#decide(entry);
    if (decision.kind === 'refused') return this.#refused(decision.error, decision.claim);
    if (decision.kind === 'consumed') return { kind: 'applied', result: EMPTY_BYTES };
    const effects = this.#withOwnEpochs(decision);
    if (effects.sidecar !== undefined) await this.#node.keys.book.record(effects.sidecar);
    const before = batch.size;
    this.#fill(batch, effects);
    this.#pending = effects;
    return { kind: 'applied', result: EMPTY_BYTES, sync: batch.size > before };
  }

  written(): void {
    const effects = this.#pending;
    this.#pending = undefined;
    if (effects === undefined) return;
    const { state } = this.#session;
    const { keys, progress, claims, dropped = [], usage: changes = [] } = effects;
    const ownEpochs = new Map(state.current.ownEpochs);
    for (const { claim } of claims) if (this.#isOwn(claim)) ownEpochs.set(claim.dekId, claim.epoch);
    for (const { dekId } of dropped) ownEpochs.delete(dekId);
    let { usage } = state.current;
    for (const { dekId } of dropped) usage = usage.without(dekId);
    for (const { dekId, row } of changes) usage = usage.with(dekId, row);
    state.current = {
      keys: keys ?? state.current.keys,
      progress: progress ?? state.current.progress,
      ownEpochs,
      usage,
    };
    this.#node.keys.seals.adoptClaims(state.current);
    this.#beginSeals();
  }

  #decide(entry: ApplyEntry): Promise<Decision> | Decision {
    const registry = this.#registry();
    const opcode = payloadOpcode(entry.payload);
    switch (opcode) {
      case OPCODES.registerWriter:
        return decideRegisterWriter(
          decodeRegisterWriter(entry.payload),
          registry,
          this.#session.state.current,
        );
      case OPCODES.bootstrapEncryption:
        return decideBootstrap(decodeBootstrap(entry.payload), this.#context(entry, registry));
      case OPCODES.keyLifecycle:
        return decideLifecycle(decodeLifecycle(entry.payload), this.#context(entry, registry));
      case OPCODES.keyUsage:
        return decideUsageReport(decodeUsageReport(entry.payload), this.#session.state.current);
      default: {
        const { group, index } = entry;
        throw new CaissonError('ENCRYPTION_APPLY', { group, index, opcode, reason: 'a reserved opcode' });
      }
    }
  }

  #registry(): WriterRegistry {
    const { registry, id } = this.#session;
    if (registry === undefined)
      throw new CaissonError('UNSUPPORTED_STORE_FOR_WRITER_REGISTRY', { group: id });
    return registry;
  }

  #context({ group, term, index }: ApplyEntry, registry: WriterRegistry): EntryContext {
    const { keys, parts } = this.#node;
    const { clusterId } = parts.directory.identity;
    return {
      group,
      term,
      index,
      clusterId,
      state: this.#session.state.current,
      store: this.#store,
      registry,
      keys,
      authority: { hashes: parts.hashes, keystore: keys.keystore, clusterId },
    };
  }

  /**
   * A row of this node above its epoch, which a leader makes for a node that lost its files: the epoch is
   * recorded like one of its own, and sealing goes on with a fresh factory.
   */
  #withOwnEpochs(effects: Effects): Effects {
    const { seals, book } = this.#node.keys;
    const ahead = effects.claims
      .map(({ claim }) => claim)
      .filter((claim) => this.#isOwn(claim) && book.content?.keys.has(claim.dekId) === true)
      .filter(({ dekId, epoch }) => epoch > (seals.epochOf(dekId) ?? -1));
    if (ahead.length === 0) return effects;
    const epochs = new Map([...(effects.sidecar?.epochs ?? [])]);
    for (const { dekId, epoch } of ahead) epochs.set(dekId, epoch);
    return { ...effects, sidecar: { ...effects.sidecar, epochs } };
  }

  #fill(batch: StoreBatch, { claims, dropped = [], keys, progress, usage = [] }: Effects): void {
    for (const { dekId, fullNodeId } of dropped) {
      this.#registry().remove(dekId, fullNodeId, batch);
      this.#registry().usage.remove(dekId, fullNodeId, batch);
    }
    for (const { dekId, row } of usage) this.#registry().usage.put(dekId, row, batch);
    for (const { claim, row } of claims) if (row !== undefined) this.#registry().put(claim.dekId, row, batch);
    if (keys !== undefined) batch.put(SYSTEM_KEYS.keyState, encodeKeyState(keys));
    if (progress !== undefined) batch.put(SYSTEM_KEYS.cutoverProgress, encodeCutoverProgress(progress));
  }

  /** Factories for keys and epochs that are durable by now and not in use yet. */
  #beginSeals(): void {
    const { seals, book, keystore } = this.#node.keys;
    const { keys } = this.#session.state.current;
    for (const keyId of [keys.activeStorage, keys.activeRaft]) {
      const held = keystore.get(keyId);
      const recorded = book.content?.keys.get(keyId);
      if (held !== undefined && recorded !== undefined) seals.begin(held, recorded.localEpoch);
    }
  }

  /** A refusal of the very epoch this process runs under means that it must not seal: it ends itself. */
  #refused(error: CaissonError, claim: WriterClaim | undefined): ApplyOutcome {
    const { seals, faults } = this.#node.keys;
    if (claim !== undefined && this.#isOwn(claim) && claim.epoch === seals.epochOf(claim.dekId)) {
      seals.stop(error);
      faults.fatal(error);
    }
    return { kind: 'refused', error };
  }

  #isOwn({ fullNodeId }: WriterClaim): boolean {
    return fullNodeId === this.#node.keys.seals.fullNodeId;
  }
}
