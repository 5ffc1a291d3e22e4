import { ManualClock, SeededRandom } from '@caisson/compliance';
import { CaissonError, type GroupEncryption, type Logger } from '@caisson/contracts';
import { encodeClearProposal } from '@caisson/formats';
import { createMessage, EMPTY_CONF_STATE, type Entry, MemoryStorage, NO_DATA, RawNode } from '@caisson/raft';
import { DEFAULT_PROPOSAL_LIMITS } from '../limits.js';
import { EMPTY_MEMBERSHIP, MembershipBook } from '../membership/membership-book.js';
import { Answers } from '../proposals/answers.js';
import { ProposalIds } from '../proposals/proposal-ids.js';
import { ProposalQueue } from '../proposals/proposal-queue.js';
import { AppliedPosition } from '../reading/applied-position.js';
import { ConsensusMetrics } from './consensus-metrics.js';
import { Leadership } from './leadership.js';
import { Members } from './members.js';
import { ProposalDesk } from './proposal-desk.js';

const logger: Logger = { log: () => undefined, child: () => logger };

/** A lone voter and what stands before its log. Nothing is written anywhere: the test plays the storage. */
class Bench {
  readonly storage = new MemoryStorage();
  readonly answers = new Answers();
  readonly position = new AppliedPosition(0);
  readonly clock = new ManualClock();
  readonly queue = new ProposalQueue(DEFAULT_PROPOSAL_LIMITS, new ProposalIds(new SeededRandom()));
  readonly sealed: number[] = [];
  readonly leadership: Leadership;
  readonly desk: ProposalDesk;
  readonly raw: RawNode;
  failed = 0;
  sealFailure: CaissonError | undefined;

  constructor(limits = { entries: 10, bytes: 1000 }) {
    const confState = { ...EMPTY_CONF_STATE, voters: [1] };
    this.storage.applySnapshot({ index: 0, term: 0, confState, data: NO_DATA });
    const { clock, position } = this;
    const members = new Members(new MembershipBook(EMPTY_MEMBERSHIP), () => undefined);
    const onChange = (): void => undefined;
    const metrics = new ConsensusMetrics(undefined, 1);
    const services = { clock, logger, metrics, onChange };
    this.leadership = new Leadership({ group: 1, self: 1, members, position, ...services });
    const encryption: Pick<GroupEncryption, 'sealProposal'> = {
      sealProposal: ({ index, proposalId }, payload) => {
        if (this.sealFailure !== undefined) throw this.sealFailure;
        this.sealed.push(index);
        return encodeClearProposal(proposalId, payload);
      },
    };
    const { answers, leadership, queue } = this;
    const onFailed = (count: number): void => void (this.failed += count);
    const parts = { queue, answers, leadership, encryption, clock, limits, leaderMs: 0, onFailed };
    this.desk = new ProposalDesk(parts);
    this.raw = new RawNode({
      id: 1,
      electionTick: 10,
      heartbeatTick: 1,
      random: () => 0,
      storage: this.storage,
      maxUncommittedSize: 100,
      onAppend: this.desk.place,
    });
  }

  propose(...sizes: number[]): Promise<unknown>[] {
    return sizes.map((size) =>
      this.queue.offer(new Uint8Array(size), 'user').answer.catch(({ code }: CaissonError) => code),
    );
  }

  feed(): void {
    this.leadership.observe(this.raw);
    this.desk.feed(this.raw);
  }

  /** Writes and applies everything. */
  work(): readonly Entry[] {
    const appended: Entry[] = [];
    while (this.raw.hasReady()) {
      const { entries, hardState, committedEntries } = this.raw.ready();
      this.storage.append(entries);
      if (hardState !== undefined) this.storage.setHardState(hardState);
      appended.push(...entries);
      const last = committedEntries.at(-1);
      if (last !== undefined) this.position.advance(last.index);
      this.raw.advance();
    }
    return appended;
  }

  lead(): this {
    this.raw.campaign();
    this.feed();
    this.work();
    this.feed();
    return this;
  }
}

describe('the proposal desk', () => {
  it('refuses what waits while nobody leads', async () => {
    const bench = new Bench();
    const [refused] = bench.propose(1);
    bench.feed();
    expect([await refused, bench.failed]).toEqual(['NOT_LEADER', 1]);
  });

  it('holds proposals until the empty entry of the term is applied', () => {
    const bench = new Bench();
    bench.raw.campaign();
    const ready = bench.raw.ready();
    if (ready.hardState !== undefined) bench.storage.setHardState(ready.hardState);
    bench.raw.advance();
    bench.propose(1);
    bench.feed();
    expect([bench.leadership.isLeader, bench.leadership.isReady, bench.queue.waiting]).toEqual([
      true,
      false,
      1,
    ]);
    expect(bench.sealed).toEqual([]);
    bench.work();
    bench.feed();
    expect([bench.leadership.isReady, bench.queue.waiting, bench.sealed]).toEqual([true, 0, [2]]);
  });

  it('seals each for the very place it gets, in the order of the calls', () => {
    const bench = new Bench({ entries: 2, bytes: 1000 }).lead();
    bench.propose(1, 2, 3);
    bench.feed();
    expect(bench.sealed).toEqual([2, 3, 4]);
    expect(bench.work().map(({ index, data }) => [index, data.length])).toEqual([
      [2, 10],
      [3, 11],
      [4, 12],
    ]);
    expect(bench.answers.waits(4)).toBe(true);
  });

  it('appends nothing of what cannot be sealed, and goes on', async () => {
    const bench = new Bench().lead();
    bench.sealFailure = new CaissonError('WRITE_COUNT_EXHAUSTED');
    const refused = bench.propose(1, 2);
    bench.feed();
    expect(await Promise.all(refused)).toEqual(['WRITE_COUNT_EXHAUSTED', 'WRITE_COUNT_EXHAUSTED']);
    bench.sealFailure = undefined;
    bench.propose(1);
    bench.feed();
    expect([bench.sealed, bench.answers.waits(2), bench.answers.waits(3)]).toEqual([[2], true, false]);
  });

  it('says so when the log holds too much that is not applied', async () => {
    const bench = new Bench({ entries: 1, bytes: 1000 }).lead();
    const [, refused] = bench.propose(80, 80);
    bench.feed();
    expect(await refused).toBe('TOO_MANY_REQUESTS');
    expect(bench.sealed).toEqual([2]);
  });

  it('takes data that nobody proposed here for a bug', () => {
    const bench = new Bench().lead();
    expect(() => bench.raw.step(forged())).toThrow('NODE-6');
  });
});

/** A proposal that reached the core past the desk. */
const forged = () => {
  const entry: Entry = { term: 0, index: 0, type: 'EntryNormal', data: Uint8Array.of(1) };
  return createMessage({ type: 'MsgProp', from: 1, entries: [entry] });
};
