import { createDeferred } from '@caisson/base';
import {
  CaissonError,
  type Consistency,
  type GroupStatus,
  type HealthReport,
  type KeyReferences,
  type MaintenanceSlice,
  type MembershipChange,
  type Proposed,
  type ProposeOptions,
  type ReadableStore,
  type ReadPoint,
  type ReplicatedGroup,
  type ScrubOrder,
  type ScrubState,
} from '@caisson/contracts';
import type { StoredValueQuestion } from '@caisson/formats';
import { NONE } from '@caisson/raft';
import { storedValueHere } from '../mending/stored-value-here.js';
import { abortError, untilAborted } from '../proposals/abandon.js';
import type { PendingProposal } from '../proposals/pending-proposal.js';
import { askLeaderToPropose } from './forwarded-proposals.js';
import { drainingError, GroupCondition } from './group-condition.js';
import { GroupEnding } from './group-ending.js';
import { GroupMachinery } from './group-machinery.js';
import type { GroupParts } from './group-parts.js';
import { GroupStanding } from './group-standing.js';
import { referencesHere } from './key-references.js';
import type { AppliedState, LogCache } from './log-cache.js';
import { MembershipOrders } from './membership-orders.js';
import { PeerSide } from './peer-side.js';

/** One group of a cluster, as this node takes part in it. */
export class ConsensusGroup implements ReplicatedGroup {
  readonly id: number;
  readonly store: ReadableStore;
  readonly peers: PeerSide;
  readonly #parts: GroupParts;
  readonly #machinery: GroupMachinery;
  readonly #condition: GroupCondition;
  readonly #orders: MembershipOrders;
  readonly #ending: GroupEnding;
  readonly #started = createDeferred<void>();
  #endTicks: (() => void) | undefined;

  constructor(parts: GroupParts, cache: LogCache) {
    this.id = parts.id;
    this.store = parts.encryption.readers ?? parts.encryption.store;
    this.#parts = parts;
    this.#started.promise.catch(() => undefined);
    this.#machinery = new GroupMachinery(parts, cache, {
      refusal: () => this.#condition.refusal(),
      onApplied: () => this.#onApplied(),
      onLeadership: () => this.#onLeadership(),
      onHalt: (error) => this.#onEnd(error, () => this.#ending.halt(error)),
      onFailure: (cause) => this.#onEnd(cause, () => this.#ending.fail(cause)),
    });
    this.peers = new PeerSide(parts.id, this.#machinery);
    this.#condition = new GroupCondition(parts, this.#machinery);
    this.#ending = new GroupEnding(parts, this.#machinery, this.#condition);
    this.#orders = new MembershipOrders(parts, this.#machinery, (payload, options) =>
      this.proposeHere(payload, options),
    );
  }

  /**
   * Takes part from now on. A lone voter leads before this resolves, and has applied its whole log; others
   * may need nodes that are not there yet, and only begin.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const { driver, loop, members, metrics } = this.#machinery;
    const { isAlone, isFounding } = this.#condition;
    members.connect();
    metrics.opened(loop.applied);
    this.#endTicks = this.#parts.ticker.add(() => this.#tick());
    if (isAlone) driver.act((raw) => raw.campaign());
    else driver.wake();
    if (isAlone || isFounding) await untilAborted(this.#started.promise, signal);
  }

  propose(payload: Uint8Array, options: ProposeOptions): Promise<Proposed> {
    const { leadership } = this.#machinery;
    const isElsewhere = !leadership.isLeader && leadership.lead !== NONE;
    // What the system needs of the log it gets from wherever it runs; users are sent to the leader instead.
    if (options.source === 'system' && isElsewhere) return this.#forward(payload, options);
    return this.proposeHere(payload, options);
  }

  /** Proposes on this node, or not at all. */
  async proposeHere(payload: Uint8Array, options: ProposeOptions): Promise<Proposed> {
    const { driver, metrics, queue } = this.#machinery;
    let proposal: PendingProposal;
    try {
      this.#condition.admit(payload, options);
      proposal = queue.offer(payload, options.source);
    } catch (error) {
      metrics.proposed('rejected');
      throw error;
    }
    driver.wake();
    return untilAborted(proposal.answer, options.signal);
  }

  async readBarrier(consistency: Consistency, signal?: AbortSignal): Promise<ReadPoint> {
    const { barrier, freshness, leadership, loop } = this.#machinery;
    if (signal?.aborted === true) throw abortError(signal);
    if (consistency === 'stale') {
      return { position: loop.applied, staleMs: leadership.isReady ? 0 : freshness.staleMs };
    }
    this.#condition.requireService();
    return { position: await untilAborted(barrier.pass(), signal), staleMs: 0 };
  }

  maintain(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void> {
    return this.#machinery.maintenance.run(slice, signal);
  }

  status(): GroupStatus {
    const logStart = this.#parts.log.start.index;
    return new GroupStanding({
      id: this.id,
      logStart,
      machinery: this.#machinery,
      condition: this.#condition,
    });
  }

  keyReferences(keyId: number, signal?: AbortSignal): Promise<KeyReferences> {
    const { id: group, encryption, log } = this.#parts;
    const catchUp = (limit: AbortSignal | undefined) => this.readBarrier('linearizable', limit);
    return referencesHere({ group, encryption, log, catchUp }, keyId, signal);
  }

  /** A value of this group as it is stored here, for a member that cannot open its own. */
  storedValue(question: StoredValueQuestion): Promise<Uint8Array | undefined> {
    const { position } = this.#machinery;
    return storedValueHere({ encryption: this.#parts.encryption, position }, question);
  }

  health(): HealthReport {
    return this.#condition.health();
  }

  /** What a member that needs a snapshot would be sent; undefined where none can be. */
  get snapshotState(): AppliedState | undefined {
    const { members, position, sender } = this.#machinery;
    return sender && { index: position.value, confState: members.book.confState };
  }

  /** One change at a time; see `ReplicationEngine.changeMembership`. */
  async changeMembership(change: MembershipChange, signal?: AbortSignal): Promise<void> {
    this.#condition.requireService();
    await untilAborted(this.#orders.carryOut(change, signal), signal);
  }

  transferLeadership(target: string, signal?: AbortSignal): Promise<void> {
    return untilAborted(this.#machinery.transfer.to(target), signal);
  }

  /** The store made durable and the log shortened behind it, but for its tail. */
  async takeSnapshot(signal?: AbortSignal): Promise<number> {
    const { appendThread, compaction, loop } = this.#machinery;
    this.#condition.requireService();
    if (!this.#parts.encryption.store.durable) {
      throw new CaissonError('UNIMPLEMENTED', {
        operation: 'takeSnapshot',
        problem: 'the store is not durable',
      });
    }
    const position = loop.applied;
    const done = compaction.want();
    appendThread.kick();
    await untilAborted(done, signal);
    return position;
  }

  /** See `ReplicationEngine.scrub`. */
  scrub(order: ScrubOrder): ScrubState {
    this.#condition.requireService();
    return this.#machinery.scrubs.stateOf(order);
  }

  drain(signal?: AbortSignal): Promise<void> {
    return this.#ending.drain(signal);
  }

  stop(): Promise<void> {
    this.#endTicks?.();
    this.#started.reject(drainingError());
    return this.#ending.stop();
  }

  /** Has the leader propose it, and waits until it is applied here as well. */
  async #forward(payload: Uint8Array, options: ProposeOptions): Promise<Proposed> {
    this.#condition.admit(payload, options);
    const { leadership, members, position } = this.#machinery;
    const leader = members.book.byRaftId(leadership.lead);
    const { services, transport } = this.#parts;
    if (leader === undefined || transport === undefined) throw leadership.notLeader();
    const limitMs = this.#parts.options.waits.readMs;
    const way = { transport, leader, clock: services.clock, limitMs };
    const proposed = await untilAborted(askLeaderToPropose(way, this.id, payload), options.signal);
    await untilAborted(position.reach(proposed.position), options.signal);
    return proposed;
  }

  #tick(): void {
    const { driver, freshness, leadership, reads, transfer } = this.#machinery;
    if (driver.isStopped) return;
    if (leadership.isReady) freshness.leads();
    driver.post((raw) => raw.tick());
    reads.tick();
    transfer.tick();
  }

  #onApplied(): void {
    const { driver, leadership, raw } = this.#machinery;
    if (leadership.isReady) {
      this.#started.resolve();
      this.#orders.publish();
    }
    // It could not campaign while a committed change of membership was not applied.
    const rests = leadership.lead === NONE && raw.raft.role === 'StateFollower';
    if (rests && this.#condition.isAlone) driver.act((core) => core.campaign());
  }

  #onLeadership(): void {
    const { leadership, reads, sender, transfer } = this.#machinery;
    if (!leadership.isLeader) sender?.abort();
    transfer.observe();
    reads.again();
  }

  #onEnd(cause: unknown, end: () => void): void {
    end();
    this.#started.reject(cause);
  }
}
