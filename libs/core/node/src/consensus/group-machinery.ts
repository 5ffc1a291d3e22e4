import { APPEND_THREAD, APPLY_THREAD, type Message, NONE, RawNode, type Ready } from '@caisson/raft';
import { ApplyLoop, type ReplacedState } from '../applying/apply-loop.js';
import { readAppliedRows } from '../applying/applied-rows.js';
import { ValueInquiry } from '../mending/value-inquiry.js';
import { ReadBarrier } from '../reading/read-barrier.js';
import { Maintenance } from '../writing/maintenance.js';
import { groupScrub } from '../scrubbing/group-scrub.js';
import { ScrubOrders } from '../scrubbing/scrub-orders.js';
import { AppendThread } from './append-thread.js';
import { ApplyThread } from './apply-thread.js';
import { coreOptions } from './core-options.js';
import { Driver } from './driver.js';
import { GroupBasics } from './group-basics.js';
import type { GroupEvents, GroupParts } from './group-parts.js';
import { LeaderTransfer } from './leader-transfer.js';
import type { LogCache } from './log-cache.js';
import { LogCompaction } from './log-compaction.js';
import { MembershipDesk } from './membership-desk.js';
import { Outbox } from './outbox.js';
import { ReadDesk } from './read-desk.js';
import { leaseMs, ReadLease } from './read-lease.js';
import { SnapshotIntake } from './snapshot-intake.js';
import { SnapshotSender } from './snapshot-sender.js';

/**
 * The parts of a running group, wired around its core: what goes in, where each message that comes out goes,
 * and who is told what.
 */
export class GroupMachinery extends GroupBasics {
  readonly raw: RawNode;
  readonly driver: Driver;
  readonly membership: MembershipDesk;
  readonly loop: ApplyLoop;
  readonly compaction: LogCompaction;
  readonly appendThread: AppendThread;
  readonly outbox: Outbox;
  readonly lease: ReadLease;
  readonly reads: ReadDesk;
  readonly barrier: ReadBarrier;
  readonly transfer: LeaderTransfer;
  readonly maintenance: Maintenance;
  readonly scrubs: ScrubOrders;
  readonly intake: SnapshotIntake | undefined;
  readonly sender: SnapshotSender | undefined;
  readonly values: ValueInquiry;
  readonly #parts: GroupParts;
  readonly #cache: LogCache;
  readonly #events: GroupEvents;
  readonly #applyThread: ApplyThread;

  constructor(parts: GroupParts, cache: LogCache, events: GroupEvents) {
    super(parts, events);
    this.#parts = parts;
    this.#cache = cache;
    this.#events = events;
    this.raw = new RawNode(coreOptions(parts, cache, this.proposals.place));
    this.driver = this.#newDriver();
    this.membership = this.#newMembership();
    this.values = this.#newValues();
    this.loop = this.#newLoop();
    this.#applyThread = new ApplyThread(this.loop);
    this.compaction = this.#newCompaction();
    this.appendThread = this.#newAppendThread();
    this.sender = this.#newSender();
    this.intake = this.#newIntake();
    this.outbox = this.#newOutbox();
    this.lease = this.#newLease();
    this.reads = this.#newReads();
    this.barrier = new ReadBarrier(() => this.#confirmRead(), this.position);
    this.transfer = this.#newTransfer();
    this.maintenance = this.#newMaintenance();
    this.scrubs = this.#newScrubs();
  }

  /** Takes what storage or another node said, in order. */
  readonly deliver = (messages: readonly Message[]): void => {
    this.driver.act((raw) => {
      for (const message of messages) {
        if (message.to === this.self) raw.step(message);
        else this.outbox.send(message);
      }
    });
  };

  #onReady(ready: Ready): void {
    this.leadership.observe(this.raw);
    for (const state of ready.readStates) this.reads.answer(state);
    for (const message of ready.messages) {
      if (message.to === APPEND_THREAD) this.#append(message);
      else if (message.to === APPLY_THREAD) this.#applyThread.push(message);
      else this.outbox.send(message);
    }
  }

  #append(work: Message): void {
    if (work.snapshot !== undefined) this.intake?.wanted();
    this.appendThread.push(work);
  }

  #onApplied(): void {
    this.metrics.queued(this.queue.bytes);
    this.freshness.settle();
    this.deliver(this.#applyThread.takeDone());
    this.#events.onApplied();
    this.appendThread.kick();
  }

  #newDriver(): Driver {
    return new Driver({
      raw: this.raw,
      turns: this.#parts.turns,
      feed: (raw) => {
        this.leadership.observe(raw);
        this.proposals.feed(raw);
      },
      onReady: (ready) => this.#onReady(ready),
      afterRun: () => {
        this.leadership.observe(this.raw);
        this.appendThread.kick();
      },
      onFailure: (cause) => this.#events.onFailure(cause),
    });
  }

  #newMembership(): MembershipDesk {
    return new MembershipDesk({
      raw: this.raw,
      store: this.#parts.encryption.store,
      members: this.members,
      leadership: this.leadership,
      answers: this.answers,
      ids: this.ids,
      driver: this.driver,
    });
  }

  #newLoop(): ApplyLoop {
    const { appliers, encryption, faults, id, options, rows, services } = this.#parts;
    return new ApplyLoop({
      group: id,
      store: encryption.store,
      encryption,
      appliers,
      rows,
      position: this.position,
      writer: this.writer,
      answers: this.answers,
      limits: options.apply,
      metrics: this.metrics,
      faults,
      logger: services.logger,
      membership: this.membership,
      onApplied: () => this.#onApplied(),
      afterAlone: () => this.membership.adoptFounder(),
      onHalt: (error) => this.#events.onHalt(error),
    });
  }

  #newValues(): ValueInquiry {
    const { encryption, id, identity, services, transport } = this.#parts;
    const { members, position } = this;
    const values = new ValueInquiry({
      group: id,
      self: identity.name,
      members,
      position,
      transport,
      clock: services.clock,
      logger: services.logger,
    });
    encryption.useSource?.(values);
    return values;
  }

  #newCompaction(): LogCompaction {
    const { encryption, log, options } = this.#parts;
    return new LogCompaction({
      log,
      cache: this.#cache,
      store: encryption.store,
      writer: this.writer,
      position: this.position,
      limits: options.compaction,
      heard: () => this.raw.raft.log.applied,
    });
  }

  #newAppendThread(): AppendThread {
    const { log, options } = this.#parts;
    return new AppendThread({
      log,
      cache: this.#cache,
      limits: options.append,
      chore: this.compaction,
      onEntries: (first, term) => {
        this.metrics.proposed('failed', this.answers.replacedFrom(first, term));
      },
      onAppended: (entries) => {
        this.metrics.appended(entries, this.queue.bytes);
        this.consensusMetrics.retained(this.#cache.bytes);
      },
      install: (snapshot, hardState) => this.intake!.install(snapshot, hardState),
      deliver: this.deliver,
      onFailure: (cause) => this.#events.onFailure(cause),
    });
  }

  #newOutbox(): Outbox {
    const { id, transport } = this.#parts;
    return new Outbox({
      group: id,
      transport,
      members: this.members,
      sendSnapshot: (message, to) => this.sender?.send(message, to),
    });
  }

  #newSender(): SnapshotSender | undefined {
    const { id, options, services, snapshots, transport } = this.#parts;
    if (snapshots === undefined || transport === undefined) return undefined;
    return new SnapshotSender({
      group: id,
      source: snapshots,
      transport,
      cache: this.#cache,
      compaction: this.compaction,
      members: this.members,
      position: this.position,
      writer: this.writer,
      clock: services.clock,
      logger: services.logger,
      limitMs: options.waits.snapshotMs,
      report: (to, outcome) => {
        this.consensusMetrics.snapshotSent(outcome);
        this.driver.post((raw) => raw.reportSnapshot(to, outcome));
      },
    });
  }

  #newIntake(): SnapshotIntake | undefined {
    const { id, log, snapshots } = this.#parts;
    if (snapshots === undefined) return undefined;
    return new SnapshotIntake({
      group: id,
      sink: snapshots,
      log,
      cache: this.#cache,
      members: this.members,
      loop: this.loop,
      answers: this.answers,
      step: (message) => this.driver.act((raw) => void raw.step(message)),
      reopen: () => this.#reopen(),
    });
  }

  /** Everything that was acknowledged is committed, and a leader with a lease knows of all that is. */
  #confirmRead(): number | Promise<number> {
    return this.lease.holds ? this.raw.raft.log.committed : this.reads.confirm();
  }

  #newLease(): ReadLease {
    const { options, services } = this.#parts;
    const lastsMs = options.hasReadLease ? leaseMs(options.ticks) : 0;
    const { clock } = services;
    const startedMs = clock.monotonicMs();
    return new ReadLease({ clock, lastsMs, startedMs, reign: () => this.#reign() });
  }

  #reign(): string | undefined {
    const { isLeaseForfeited, transferee } = this.raw.raft;
    if (!this.leadership.isReady || isLeaseForfeited || transferee !== NONE) return undefined;
    const { voters, votersOutgoing } = this.members.book.confState;
    return `${this.leadership.term} ${voters.join()} ${votersOutgoing.join()}`;
  }

  #newReads(): ReadDesk {
    const { id, options, services } = this.#parts;
    const { ticks, waits } = options;
    return new ReadDesk({
      group: id,
      random: services.random,
      retryTicks: ticks.election,
      limitTicks: Math.ceil(waits.readMs / ticks.ms),
      ask: (context) => this.driver.act((raw) => raw.readIndex(context)),
      lease: this.lease,
    });
  }

  #newTransfer(): LeaderTransfer {
    const { raw, driver, leadership, members } = this;
    const limitTicks = 2 * this.#parts.options.ticks.election;
    return new LeaderTransfer({ raw, driver, leadership, members, limitTicks });
  }

  #newMaintenance(): Maintenance {
    const { encryption, services } = this.#parts;
    return new Maintenance({
      store: encryption.store,
      writer: this.writer,
      clock: services.clock,
      refusal: () => this.#events.refusal(),
      onWriteFailure: (cause) => this.loop.fail(cause),
    });
  }

  #newScrubs(): ScrubOrders {
    const { encryption, log, services } = this.#parts;
    const { intake, position, writer } = this;
    const work = groupScrub({
      log,
      encryption,
      writer,
      position,
      clock: services.clock,
      logger: services.logger,
      refusal: () => this.#events.refusal(),
      shorten: (index) => {
        const done = this.compaction.want(index);
        this.appendThread.kick();
        return done;
      },
      ...(intake && { tidy: () => intake.tidy() }),
    });
    return new ScrubOrders(work);
  }

  async #reopen(): Promise<ReplacedState> {
    this.consensusMetrics.snapshotInstalled();
    const { encryption, id, opcodes } = this.#parts;
    const { store, applying = store } = encryption;
    return { rows: await readAppliedRows(store), appliers: await opcodes.open({ id, store: applying }) };
  }
}
