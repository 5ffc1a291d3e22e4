import { fullNodeId } from '@caisson/formats';
import type { NodeId } from '@caisson/raft';
import { raftIdOf } from '../membership/raft-id.js';
import { NodeMetrics } from '../metrics/node-metrics.js';
import { Answers } from '../proposals/answers.js';
import { ProposalIds } from '../proposals/proposal-ids.js';
import { ProposalQueue } from '../proposals/proposal-queue.js';
import { AppliedPosition } from '../reading/applied-position.js';
import { WriterQueue } from '../writing/writer-queue.js';
import { ConsensusMetrics } from './consensus-metrics.js';
import type { GroupEvents, GroupParts } from './group-parts.js';
import { Freshness } from './freshness.js';
import { Introductions } from './introductions.js';
import { Leadership } from './leadership.js';
import { Members } from './members.js';
import { ProposalDesk } from './proposal-desk.js';

/** What a group has before its core: places to wait, positions, and who is who. */
export class GroupBasics {
  readonly self: NodeId;
  readonly ids: ProposalIds;
  readonly queue: ProposalQueue;
  readonly answers = new Answers();
  readonly writer = new WriterQueue();
  readonly position: AppliedPosition;
  readonly metrics: NodeMetrics;
  readonly consensusMetrics: ConsensusMetrics;
  readonly members: Members;
  readonly freshness: Freshness;
  readonly leadership: Leadership;
  readonly proposals: ProposalDesk;
  readonly introductions: Introductions;

  constructor(parts: GroupParts, events: Pick<GroupEvents, 'onLeadership'>) {
    const { encryption, id, identity, options, rows, services } = parts;
    const { clock, logger } = services;
    this.self = raftIdOf(fullNodeId(identity.name));
    this.ids = new ProposalIds(services.random);
    this.queue = new ProposalQueue(options.proposals, this.ids);
    this.position = new AppliedPosition(rows.applied);
    this.metrics = new NodeMetrics(services.meter, id);
    this.consensusMetrics = new ConsensusMetrics(services.meter, id);
    this.members = new Members(parts.book, (peers) => parts.connect(peers));
    this.freshness = new Freshness(clock, this.position);
    this.leadership = new Leadership({
      group: id,
      self: this.self,
      members: this.members,
      position: this.position,
      clock,
      logger,
      metrics: this.consensusMetrics,
      onChange: () => events.onLeadership(),
    });
    this.proposals = new ProposalDesk({
      queue: this.queue,
      answers: this.answers,
      leadership: this.leadership,
      encryption,
      clock,
      limits: options.append,
      leaderMs: options.waits.leaderMs,
      onFailed: (count) => this.metrics.proposed('failed', count),
    });
    const { election, ms } = options.ticks;
    const { addresses, transport } = parts;
    const limitMs = election * ms;
    const { members } = this;
    const { name } = identity;
    this.introductions = new Introductions({
      group: id,
      name,
      members,
      transport,
      addresses,
      clock,
      limitMs,
    });
  }
}
