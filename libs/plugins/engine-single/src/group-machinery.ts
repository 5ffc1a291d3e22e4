import type {
  CaissonError,
  Clock,
  Faults,
  GroupEncryption,
  Logger,
  Meter,
  NodeIdentity,
  RaftLog,
  Random,
} from '@caisson/contracts';
import {
  Answers,
  AppliedPosition,
  type AppliedRows,
  ApplyLoop,
  groupScrub,
  Maintenance,
  NodeMetrics,
  type OpcodeTable,
  type OpenAppliers,
  ProposalIds,
  ProposalQueue,
  ReadBarrier,
  ScrubOrders,
  WriterQueue,
} from '@caisson/node';
import { AppendLane } from './append-lane.js';
import type { EngineSingleConfig } from './config.js';
import { LogCompaction } from './log-compaction.js';

/** What a group is opened with. */
export interface GroupParts {
  readonly id: number;
  readonly identity: NodeIdentity;
  readonly log: RaftLog;
  readonly term: number;
  readonly encryption: GroupEncryption;
  readonly rows: AppliedRows;
  readonly opcodes: OpcodeTable;
  readonly appliers: OpenAppliers;
  readonly config: EngineSingleConfig;
  readonly services: {
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly meter: Meter | undefined;
  };
  readonly faults: Faults;
}

export interface GroupEvents {
  /** Why nothing may be written any more. */
  refusal(): CaissonError | undefined;
  onHalt(error: CaissonError): void;
  onLogFailure(cause: unknown): void;
}

/** The parts of a running group, wired: queue → log → apply loop → store, and who is told what. */
export class GroupMachinery {
  readonly ids: ProposalIds;
  readonly queue: ProposalQueue;
  readonly answers = new Answers();
  readonly writer = new WriterQueue();
  readonly metrics: NodeMetrics;
  readonly loop: ApplyLoop;
  readonly lane: AppendLane;
  readonly maintenance: Maintenance;
  readonly barrier: ReadBarrier;
  readonly scrubs: ScrubOrders;

  constructor(parts: GroupParts, events: GroupEvents) {
    const { config, encryption, log, rows, services } = parts;
    const { limits } = config;
    const { store } = encryption;
    const { answers, writer } = this;
    const position = new AppliedPosition(rows.applied);
    this.ids = new ProposalIds(services.random);
    this.metrics = new NodeMetrics(services.meter, parts.id);
    this.queue = new ProposalQueue(
      { count: limits.proposals, bytes: limits.proposalBytes, payloadBytes: limits.payloadBytes },
      this.ids,
    );
    const compaction = new LogCompaction({ log, store, writer, position, limits: config.compaction });
    this.loop = new ApplyLoop({
      group: parts.id,
      store,
      encryption,
      appliers: parts.appliers,
      rows,
      position,
      writer,
      answers,
      limits: { entries: limits.applyEntries, bytes: limits.applyBytes },
      metrics: this.metrics,
      faults: parts.faults,
      logger: services.logger,
      onApplied: () => {
        this.metrics.queued(this.queue.bytes);
        if (compaction.due) this.lane.kick();
      },
      onHalt: (error) => events.onHalt(error),
    });
    this.lane = new AppendLane({
      log,
      term: parts.term,
      queue: this.queue,
      answers,
      compaction,
      clock: services.clock,
      metrics: this.metrics,
      limits: { entries: limits.appendEntries, bytes: limits.appendBytes },
      seal: (at, payload) => encryption.sealProposal(at, payload),
      deliver: (entries) => this.loop.commit(entries),
      onFailure: (cause) => events.onLogFailure(cause),
    });
    this.maintenance = new Maintenance({
      store,
      writer,
      clock: services.clock,
      refusal: () => events.refusal(),
      onWriteFailure: (cause) => this.loop.fail(cause),
    });
    // What was acknowledged is applied already: the barrier of a single node asks nobody.
    this.barrier = new ReadBarrier(() => position.value, position);
    const shorten = (index: number) => {
      const done = compaction.want(index);
      this.lane.kick();
      return done;
    };
    const { clock, logger } = services;
    const refusal = () => events.refusal();
    this.scrubs = new ScrubOrders(
      groupScrub({ log, encryption, writer, position, clock, logger, refusal, shorten }),
    );
  }
}
