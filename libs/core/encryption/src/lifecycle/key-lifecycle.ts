import {
  CaissonError,
  type CallContext,
  type Clock,
  type EncryptionKeyStatus,
  type GroupKeys,
  type KekCheck,
  type KekConfiguration,
  type KeyIdOrder,
  type KeyLifecycleService,
  type KeyLifecycleStatus,
  type KeyOrder,
  type KeyStatusQuestion,
  type Meter,
  type NodeKeks,
  type RaftTransport,
  type RegisteredEpoch,
  type RegisterWriterOrder,
  type ReplicationEngine,
  type RetireOrder,
  type RewrapOrder,
  type RewriteOrder,
  type RewriteProgress,
  type RotateOrder,
} from '@caisson/contracts';
import type { KeyRecord, WrappedKey } from '@caisson/formats';
import { type Census, takeCensus, valuesUnder } from '../census/census.js';
import { rotationPayload } from '../driver/key-entries.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import type { Rewrite } from '../rewrite/rewrite.js';
import { activeKey, GroupOrders, type Steps, unretired } from './group-orders.js';
import { checkKeks } from './kek-checks.js';
import { rewrapWithProofs } from './kek-proofs.js';
import { KekSet } from './kek-set.js';
import { KeyMetrics } from './key-metrics.js';
import { type MemberPoll, TransportPoll } from './member-poll.js';
import { MemberScrubs } from './member-scrub.js';
import { ReferencePoll } from './reference-poll.js';
import { RetireOrders } from './retire-orders.js';
import { epochsOf, registerWriter } from './writer-orders.js';

export interface KeyLifecycleParts {
  readonly node: NodeEncryption;
  readonly engine: ReplicationEngine;
  /** Absent on a node without peers. */
  readonly transport?: Pick<RaftTransport, 'ask'> | undefined;
  readonly clock: Pick<Clock, 'after' | 'monotonicMs' | 'sleep'>;
  readonly rewrite: Pick<Rewrite, 'start' | 'status' | 'cancel'>;
  readonly meter?: Meter | undefined;
  /** Absent where KEKs stay what they were at the start. */
  readonly configuration?: KekConfiguration | undefined;
}

const POLL_MS = 10_000;
/** Members that store much need their time to read all of it. */
const COUNT_MS = 60_000;
const LOOK_MS = 3_000;

/**
 * What operators order about keys, one group after the other. Nothing is remembered between orders: what is
 * left to do is read from the applied state of each group.
 */
export class KeyLifecycle implements KeyLifecycleService {
  readonly #parts: KeyLifecycleParts;
  readonly #poll: MemberPoll;
  readonly #scrubs: MemberScrubs;
  readonly #references: ReferencePoll;
  readonly #remains: ReferencePoll;
  readonly #metrics: KeyMetrics;
  readonly #keks: KekSet;

  constructor(parts: KeyLifecycleParts) {
    const { node, transport, clock } = parts;
    const { directory } = node.parts;
    this.#parts = parts;
    this.#poll = new TransportPoll({ node, directory, transport, clock, limitMs: POLL_MS });
    this.#scrubs = new MemberScrubs({ engine: parts.engine, directory, transport, clock });
    this.#references = new ReferencePoll({ directory, transport, clock, limitMs: COUNT_MS });
    this.#remains = new ReferencePoll({ directory, transport, clock, limitMs: LOOK_MS });
    this.#metrics = new KeyMetrics(node, parts.meter);
    this.#keks = new KekSet(parts);
  }

  /** Groups are open by now. */
  start(): void {
    for (const id of this.#parts.engine.groups) this.#metrics.follow(id);
  }

  async stop(): Promise<void> {
    this.#metrics.stop();
    await this.#keks.close();
  }

  async status(
    { current = false, count = false }: KeyStatusQuestion,
    { signal }: CallContext,
  ): Promise<KeyLifecycleStatus> {
    const { node, engine } = this.#parts;
    for (const id of current ? engine.groups : []) await engine.group(id).readBarrier('linearizable', signal);
    const status = node.status();
    const groups = status.groups.map((group): GroupKeys => {
      const { activeStorage, activeRaft, sealedModeIndex } = node.session(group.group).state.current.keys;
      const { leads, leader } = engine.group(group.group).status();
      const active = { activeStorageKey: activeStorage, activeRaftKey: activeRaft };
      const sealed = sealedModeIndex === 0 ? {} : { sealedModeIndex };
      return { ...group, ...active, ...sealed, leads, ...(leader !== undefined && { leader }) };
    });
    const keys = count ? await this.#counted(status.keys, signal) : status.keys;
    return { ...status, keys, node: node.parts.directory.identity.name, groups };
  }

  async #counted(
    keys: readonly EncryptionKeyStatus[],
    signal: AbortSignal | undefined,
  ): Promise<readonly EncryptionKeyStatus[]> {
    const { node, engine } = this.#parts;
    const censuses: Census[] = [];
    for (const id of engine.groups)
      censuses.push(await takeCensus(node.session(id), node.parts.clock, signal));
    const under = (keyId: number) => censuses.reduce((sum, census) => sum + valuesUnder(census, keyId), 0);
    return keys.map((key) => ({ ...key, values: under(key.keyId) }));
  }

  async verify({ signal }: CallContext): Promise<readonly KekCheck[]> {
    this.#requireKeks();
    return checkKeks(this.#parts.node, this.#unretired(signal), signal);
  }

  async keks({ signal }: CallContext): Promise<NodeKeks> {
    return this.#keks.view(this.#unretired(signal));
  }

  async reloadKeks({ dryRun = false }: KeyOrder, { signal }: CallContext): Promise<NodeKeks> {
    if (!this.#parts.node.enabled) throw new CaissonError('ENCRYPTION_NOT_ENABLED');
    return this.#keks.reload(this.#unretired(signal), dryRun, signal);
  }

  registeredEpochs(name: string, { signal }: CallContext): Promise<readonly RegisteredEpoch[]> {
    return epochsOf(this.#groups({}, signal), name);
  }

  async *registerWriter(order: RegisterWriterOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    const { name, dryRun = false } = order;
    const all = this.#groups(order, signal);
    for (const orders of all) yield* registerWriter(orders, { name, poll: this.#poll, dryRun, signal });
  }

  async *rotate(order: RotateOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    const { purpose } = order;
    const all = this.#groups(order, signal);
    requireKeys(all);
    const from = order.from ?? all.map(({ keys }) => activeKey(keys, purpose));
    for (const orders of all) {
      const payload = () => {
        const key = this.#takenElsewhere(orders, all, { purpose, from });
        return rotationPayload(this.#parts.node, orders.session, { purpose, key, signal });
      };
      yield* orders.rotate(purpose, from, payload);
    }
  }

  async *rewrap(order: RewrapOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    const all = this.#groups(order, signal);
    requireKeys(all);
    const proofs = { node: this.#parts.node, poll: this.#poll, signal };
    for (const orders of all) {
      yield* order.everyKek === true ? rewrapWithProofs(orders, proofs) : orders.rewrap();
    }
  }

  async *bootstrap(order: KeyOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    for (const orders of this.#groups(order, signal)) yield* orders.bootstrap();
  }

  async *enableStorageEnvelope(order: KeyOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    for (const orders of this.#groups(order, signal)) yield* orders.enableStorage();
  }

  async *enableRaftEnvelope(order: KeyOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    for (const orders of this.#groups(order, signal)) yield* orders.enableRaft();
  }

  retire(order: RetireOrder, { signal }: CallContext): Steps {
    return this.#retirement(order, signal).retire(order.erase === true);
  }

  resume(order: KeyIdOrder, { signal }: CallContext): Steps {
    return this.#retirement(order, signal).resume();
  }

  async *scrub(order: KeyOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    for (const orders of this.#groups(order, signal)) yield* orders.scrub();
  }

  async *sealMode(order: KeyOrder, { signal }: CallContext): Steps {
    this.#requireKeks();
    for (const orders of this.#groups(order, signal)) yield* orders.sealMode();
  }

  async rewrite(
    { action, bytesPerSecond, finishBy }: RewriteOrder,
    { signal }: CallContext,
  ): Promise<readonly RewriteProgress[]> {
    this.#requireKeks();
    const { rewrite } = this.#parts;
    if (action === 'cancel') await rewrite.cancel();
    if (action === 'start') {
      const clear = this.#groups({}, signal).find(({ keys }) => !keys.storageEnvelopeActive);
      if (clear !== undefined) throw new CaissonError('ENVELOPE_ORDER', { group: clear.session.id });
      rewrite.start({
        ...(bytesPerSecond !== undefined && { bytesPerSecond }),
        ...(finishBy !== undefined && { finishBy }),
      });
    }
    return rewrite.status().map(({ error, bytes: _, ...progress }) => ({
      ...progress,
      ...(error && { error: error.code }),
    }));
  }

  #retirement(order: KeyIdOrder, signal: AbortSignal | undefined): RetireOrders {
    this.#requireKeks();
    const { node, clock } = this.#parts;
    const { keyId, dryRun = false } = order;
    const groups = this.#groups(order, signal);
    const polls = { references: this.#references, remains: this.#remains };
    return new RetireOrders({ ...polls, node, groups, keyId, dryRun, clock, signal });
  }

  #requireKeks(): void {
    const { node } = this.#parts;
    if (!node.enabled) throw new CaissonError('ENCRYPTION_NOT_ENABLED');
    if (node.keys.ring.isEmpty) throw new CaissonError('KEK_NOT_CONFIGURED');
  }

  #groups({ dryRun = false }: KeyOrder, signal: AbortSignal | undefined): readonly GroupOrders[] {
    const { node, engine, clock } = this.#parts;
    const poll = this.#poll;
    const scrubs = this.#scrubs;
    return engine.groups.map(
      (id) => new GroupOrders({ node, group: engine.group(id), poll, scrubs, clock, dryRun, signal }),
    );
  }

  /** Of all groups, ascending. */
  #unretired(signal: AbortSignal | undefined): readonly KeyRecord[] {
    const keys = new Map<number, KeyRecord>();
    for (const orders of this.#groups({}, signal)) {
      for (const key of unretired(orders.keys)) keys.set(key.keyId, key);
    }
    return [...keys.values()].sort((a, b) => a.keyId - b.keyId);
  }

  /** The key that another group has taken already, so that one order makes one key. */
  #takenElsewhere(
    { keys }: GroupOrders,
    all: readonly GroupOrders[],
    { purpose, from }: Required<Pick<RotateOrder, 'purpose' | 'from'>>,
  ): WrappedKey | undefined {
    const isKnown = (keyId: number) => keys.keys.some((key) => key.keyId === keyId);
    return all
      .flatMap((other) => other.keys.keys.filter(({ keyId }) => keyId === activeKey(other.keys, purpose)))
      .find(({ keyId }) => !from.includes(keyId) && !isKnown(keyId));
  }
}

function requireKeys(groups: readonly GroupOrders[]): void {
  const bare = groups.find((orders) => !orders.isBootstrapped);
  if (bare === undefined) return;
  throw new CaissonError('ENVELOPE_ORDER', { group: bare.session.id, problem: 'there are no keys yet' });
}
