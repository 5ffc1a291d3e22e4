import { createDeferred } from '@caisson/base';
import {
  CaissonError,
  type Consistency,
  type GroupStatus,
  type HealthReport,
  type IncomingSnapshot,
  type MaintenanceSlice,
  type MembershipChange,
  type Proposed,
  type ProposeOptions,
  type ReadableStore,
  type ReadPoint,
  type ReplicatedGroup,
  toCaissonError,
} from '@caisson/contracts';
import type { Introduction } from '@caisson/formats';
import { type Message, type MessageType, NONE } from '@caisson/raft';
import { raftIdOf } from '../membership/raft-id.js';
import { abortError, untilAborted } from '../proposals/abandon.js';
import type { PendingProposal } from '../proposals/pending-proposal.js';
import { GroupMachinery } from './group-machinery.js';
import type { GroupParts } from './group-parts.js';
import type { AppliedState, LogCache } from './log-cache.js';
import { memberStatuses } from './member-progress.js';
import { MembershipOrders } from './membership-orders.js';
import { askLeaderToPropose } from './forwarded-proposals.js';

/** What no peer may say in a frame: proposals are forwarded above the core, snapshots come as streams. */
const REFUSED: ReadonlySet<MessageType> = new Set<MessageType>([
  'MsgProp',
  'MsgSnap',
  'MsgTransferLeader',
  'MsgForgetLeader',
]);

/** One group of a cluster, as this node takes part in it. */
export class ConsensusGroup implements ReplicatedGroup {
  readonly id: number;
  readonly store: ReadableStore;
  readonly #parts: GroupParts;
  readonly #machinery: GroupMachinery;
  readonly #orders: MembershipOrders;
  readonly #started = createDeferred<void>();
  #endTicks: (() => void) | undefined;
  #failure: CaissonError | undefined;
  #isDraining = false;
  #isStopped = false;

  constructor(parts: GroupParts, cache: LogCache) {
    this.id = parts.id;
    this.store = parts.encryption.store;
    this.#parts = parts;
    this.#started.promise.catch(() => undefined);
    this.#machinery = new GroupMachinery(parts, cache, {
      refusal: () => this.#refusal(),
      onApplied: () => this.#onApplied(),
      onLeadership: () => this.#onLeadership(),
      onHalt: (error) => this.#onHalt(error),
      onFailure: (cause) => this.#fail(cause),
    });
    this.#orders = new MembershipOrders(parts, this.#machinery, (payload, options) =>
      this.proposeHere(payload, options),
    );
  }

  /**
   * Takes part from now on. A lone voter leads before this resolves, and has applied its whole log; others may
   * need nodes that are not there yet, and only begin.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const { driver, loop, members, metrics } = this.#machinery;
    members.connect();
    metrics.opened(loop.applied);
    this.#endTicks = this.#parts.ticker.add(() => this.#tick());
    if (this.#isAlone) driver.act((raw) => raw.campaign());
    else driver.wake();
    if (this.#isAlone || this.#isFounding) await untilAborted(this.#started.promise, signal);
  }

  propose(payload: Uint8Array, options: ProposeOptions): Promise<Proposed> {
    const { leadership } = this.#machinery;
    const isElsewhere = !leadership.isLeader && leadership.lead !== NONE;
    // What the system needs of the log it gets from wherever it runs; users are sent to the leader instead.
    if (options.source === 'system' && isElsewhere) return this.#forward(payload, options.signal);
    return this.proposeHere(payload, options);
  }

  /** Proposes on this node, or not at all. */
  async proposeHere(payload: Uint8Array, options: ProposeOptions): Promise<Proposed> {
    const { driver, metrics, queue } = this.#machinery;
    let proposal: PendingProposal;
    try {
      this.#admit(payload, options);
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
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    return { position: await untilAborted(barrier.pass(), signal), staleMs: 0 };
  }

  maintain(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void> {
    return this.#machinery.maintenance.run(slice, signal);
  }

  status(): GroupStatus {
    const machinery = this.#machinery;
    const { appendThread, leadership, loop, raw } = machinery;
    const halted = loop.halted ?? this.#failure;
    const leader = leadership.leaderName;
    return {
      id: this.id,
      applied: loop.applied,
      durable: appendThread.durable,
      leads: leadership.isReady && halted === undefined && !this.#isDraining && raw.raft.transferee === NONE,
      leadership: leadership.term,
      ...(leader !== undefined && leader !== '' && { leader }),
      // Asked for with every timestamp that is drawn, and mostly for who leads.
      get members() {
        return memberStatuses(machinery);
      },
      ...(halted !== undefined && { halted: halted.message }),
      refused: loop.refused,
    };
  }

  health(): HealthReport {
    const { leadership, loop } = this.#machinery;
    const halted = loop.halted ?? this.#failure;
    if (halted !== undefined) return { status: 'failed', reason: `group ${this.id}: ${halted.message}` };
    const { election, ms } = this.#parts.options.ticks;
    if (leadership.leaderlessMs <= 2 * election * ms) return { status: 'ok' };
    return { status: 'degraded', reason: `group ${this.id} ${this.#lack()}` };
  }

  /** What a member that needs a snapshot would be sent; undefined where none can be. */
  get snapshotState(): AppliedState | undefined {
    const { members, position, sender } = this.#machinery;
    return sender && { index: position.value, confState: members.book.confState };
  }

  /** One change at a time; see `ReplicationEngine.changeMembership`. */
  async changeMembership(change: MembershipChange, signal?: AbortSignal): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    await untilAborted(this.#orders.carryOut(change, signal), signal);
  }

  transferLeadership(target: string, signal?: AbortSignal): Promise<void> {
    return untilAborted(this.#machinery.transfer.to(target), signal);
  }

  /** The store made durable and the log shortened behind it, but for its tail. */
  async takeSnapshot(signal?: AbortSignal): Promise<number> {
    const { appendThread, compaction, loop } = this.#machinery;
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    if (!this.#parts.encryption.store.durable)
      throw new CaissonError('UNIMPLEMENTED', { store: 'not durable' });
    const position = loop.applied;
    const done = compaction.want();
    appendThread.kick();
    await untilAborted(done, signal);
    return position;
  }

  /** A message of a peer. Whatever it claims about its sender has to be true of the peer it came from. */
  receive(from: bigint, message: Message): void {
    const { driver, freshness, outbox, self } = this.#machinery;
    if (message.from !== raftIdOf(from) || message.to !== self || REFUSED.has(message.type)) return;
    outbox.heardFrom(from);
    driver.post((raw) => {
      raw.step(message);
      const isLeaders = raw.raft.lead === message.from && raw.raft.term === message.term;
      if (isLeaders) freshness.heard(message);
    });
  }

  unreachable(peer: bigint): void {
    const { driver, introductions } = this.#machinery;
    driver.post((raw) => raw.reportUnreachable(raftIdOf(peer)));
    introductions.unreachable(peer);
  }

  /** A node that is refused here says that it is a member. */
  meet(from: bigint, introduction: Introduction): void {
    this.#machinery.introductions.meet(from, introduction);
  }

  keptChunks(incoming: IncomingSnapshot): Promise<number> {
    const { intake } = this.#machinery;
    return intake === undefined ? Promise.reject(noSnapshots(this.id)) : intake.keptChunks(incoming);
  }

  async takeIncoming(
    incoming: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const { intake, outbox } = this.#machinery;
    if (intake === undefined) throw noSnapshots(this.id);
    outbox.heardFrom(incoming.from);
    await intake.take(incoming, chunks, signal);
  }

  /** Hands leadership over if there is somebody to take it, refuses new proposals, and finishes the others. */
  async drain(signal?: AbortSignal): Promise<void> {
    const { leadership, loop, queue, transfer } = this.#machinery;
    const successor = leadership.isLeader && loop.halted === undefined ? transfer.best() : undefined;
    if (successor !== undefined) {
      const { handoverMs } = this.#parts.options.waits;
      const { clock, logger } = this.#parts.services;
      const limit = new AbortController();
      const endLimit = clock.after(handoverMs, () => limit.abort());
      const handedOver = untilAborted(transfer.to(successor), limit.signal);
      await untilAborted(handedOver, signal).catch((error: unknown) => {
        logger.log('warn', 'nobody took over before the stop', { error: toCaissonError(error) });
      });
      endLimit();
    }
    this.#isDraining = true;
    await untilAborted(queue.idle(), signal).catch(() => undefined);
  }

  /** Lets the append and the batch under way finish, tells everybody else, and closes store and log. */
  async stop(): Promise<void> {
    this.#isDraining = true;
    this.#endTicks?.();
    const { answers, appendThread, driver, loop, metrics, sender, writer } = this.#machinery;
    sender?.abort();
    await appendThread.stop().catch(() => undefined);
    driver.stop();
    this.#refuse(drainingError());
    await loop.stop();
    const unknown = new CaissonError('UNKNOWN_OUTCOME', {
      problem: 'the node stopped before it was applied',
    });
    metrics.proposed('failed', answers.failAll(unknown));
    // A slice under way finishes; none starts on a store that is being closed.
    this.#isStopped = true;
    await this.#parts.snapshots?.close();
    await writer.run(() => Promise.resolve());
    try {
      await this.#parts.encryption.close();
    } finally {
      await this.#parts.log.close();
    }
  }

  /** Whether this node alone decides. */
  get #isAlone(): boolean {
    const { members, self } = this.#machinery;
    const { voters, votersOutgoing } = members.book.confState;
    return voters.length === 1 && voters[0] === self && votersOutgoing.length === 0;
  }

  /** Whether the first entry, which names this node, is still to be applied. */
  get #isFounding(): boolean {
    const isEmpty = this.#machinery.members.book.members.length === 0;
    return isEmpty && this.#parts.identity.joined !== true;
  }

  /** What a group without a leader waits for. */
  #lack(): string {
    const { leadership, members } = this.#machinery;
    const isMember = members.book.byName(this.#parts.identity.name) !== undefined;
    if (isMember) return `has had no leader for ${Math.round(leadership.leaderlessMs / 1000)} s`;
    return members.book.members.length === 0 ? 'waits to be let in' : 'has this node no longer as a member';
  }

  /** Throws why nothing is proposed: a payload that no applier owns would halt every replica. */
  #admit(payload: Uint8Array, { source, signal }: ProposeOptions): void {
    if (signal?.aborted === true) throw abortError(signal);
    const refusal = this.#refusal() ?? (this.#isDraining ? drainingError() : undefined);
    if (refusal !== undefined) throw refusal;
    const opcode = payload[0];
    if (opcode === undefined) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'payload', problem: 'is empty' });
    }
    if (!this.#parts.opcodes.owns(opcode)) throw new CaissonError('OPCODE_UNOWNED', { opcode });
    const held = this.#parts.encryption.admission(source);
    if (held !== undefined) throw held;
  }

  async #forward(payload: Uint8Array, signal: AbortSignal | undefined): Promise<Proposed> {
    this.#admit(payload, { source: 'system', ...(signal !== undefined && { signal }) });
    const { leadership, members, position } = this.#machinery;
    const leader = members.book.byRaftId(leadership.lead);
    const { transport } = this.#parts;
    if (leader === undefined || transport === undefined) throw leadership.notLeader();
    const { clock } = this.#parts.services;
    const limitMs = this.#parts.options.waits.readMs;
    const asked = askLeaderToPropose({ transport, leader, clock, limitMs }, this.id, payload);
    const proposed = await untilAborted(asked, signal);
    await untilAborted(position.reach(proposed.position), signal);
    return proposed;
  }

  #refusal(): CaissonError | undefined {
    if (this.#machinery.loop.halted !== undefined) return this.#machinery.loop.halted;
    return this.#isStopped || this.#failure !== undefined ? drainingError(this.#failure) : undefined;
  }

  #tick(): void {
    const { driver, reads, transfer } = this.#machinery;
    if (driver.isStopped) return;
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
    if (rests && this.#isAlone) driver.act((core) => core.campaign());
  }

  #onLeadership(): void {
    const { leadership, reads, sender, transfer } = this.#machinery;
    if (!leadership.isLeader) sender?.abort();
    transfer.observe();
    reads.again();
  }

  #onHalt(error: CaissonError): void {
    this.#machinery.driver.stop();
    this.#machinery.sender?.abort();
    this.#refuse(error);
  }

  #fail(cause: unknown): void {
    const error = toCaissonError(cause);
    this.#failure = error;
    const { answers, driver, metrics } = this.#machinery;
    driver.stop();
    const unknown = new CaissonError('UNKNOWN_OUTCOME', { problem: 'the log append failed' }, { cause });
    metrics.proposed('failed', answers.failAll(unknown));
    this.#refuse(drainingError(error));
    this.#parts.services.logger.log('error', 'the group failed', { error });
    this.#parts.faults.fatal(error);
  }

  /** Whoever waits for something that will not come. */
  #refuse(error: CaissonError): void {
    const { compaction, proposals, reads, transfer } = this.#machinery;
    proposals.refuse(error);
    reads.fail(error);
    transfer.fail(error);
    compaction.fail(error);
    this.#started.reject(error);
  }
}

function drainingError(cause?: CaissonError): CaissonError {
  return new CaissonError('DRAINING', {}, { cause });
}

function noSnapshots(group: number): CaissonError {
  return new CaissonError('UNIMPLEMENTED', { group, operation: 'snapshots' });
}
