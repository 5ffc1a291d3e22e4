import { CaissonError, type IncomingSnapshot, type RaftLog } from '@caisson/contracts';
import { encodeRaftMessage, fullNodeId, type Membership } from '@caisson/formats';
import { createMessage, EMPTY_CONF_STATE, type Message } from '@caisson/raft';
import type { ApplyLoop } from '../applying/apply-loop.js';
import { EMPTY_MEMBERSHIP, MembershipBook } from '../membership/membership-book.js';
import { raftIdOf } from '../membership/raft-id.js';
import { Answers } from '../proposals/answers.js';
import type { LogCache } from './log-cache.js';
import { Members } from './members.js';
import { SnapshotIntake } from './snapshot-intake.js';
import type { SnapshotSink, VerifiedSnapshot } from './snapshot-ports.js';

const leader = fullNodeId('n1');
const membership: Membership = {
  ...EMPTY_MEMBERSHIP,
  index: 3,
  voters: [leader],
  peers: [{ id: leader, name: 'n1', address: 'n1:1', clientAddress: '' }],
};
const confState = { ...EMPTY_CONF_STATE, voters: [raftIdOf(leader)] };
const signal = new AbortController().signal;
const snapshot = { index: 9, term: 2, confState, data: new Uint8Array(0) };

function incoming(message: Partial<Message> = {}): IncomingSnapshot {
  const from = raftIdOf(leader);
  const frame = encodeRaftMessage(
    createMessage({ type: 'MsgSnap', to: 5, from, term: 2, snapshot, ...message }),
  );
  return { group: 1, from: leader, id: new Uint8Array(16), frame };
}

async function* nothing(): AsyncIterable<Uint8Array> {}

class Bench {
  readonly steps: string[] = [];
  readonly members = new Members(new MembershipBook(EMPTY_MEMBERSHIP), () => void this.steps.push('connect'));
  readonly intake: SnapshotIntake;
  /** What the core makes of the message. */
  onStep: () => void = () => undefined;
  point = { index: 9, term: 2 };

  constructor() {
    const verified = (): VerifiedSnapshot => ({
      point: this.point,
      membership,
      install: async () => void this.steps.push('install'),
      discard: async () => void this.steps.push('discard'),
    });
    const sink: SnapshotSink = {
      keptChunks: async () => 4,
      receive: async () => verified(),
      tidy: async () => void this.steps.push('tidy'),
    };
    const loop = {
      replace: async (swap: () => Promise<unknown>) => void (await swap()),
    } as unknown as ApplyLoop;
    const cache = { reset: () => void this.steps.push('reset') } as unknown as LogCache;
    this.intake = new SnapshotIntake({
      group: 1,
      sink,
      log: {} as RaftLog,
      cache,
      members: this.members,
      loop,
      answers: new Answers(),
      step: () => this.onStep(),
      reopen: async () => {
        this.steps.push('reopen');
        return { rows: { applied: 9, refused: 0 }, appliers: undefined as never };
      },
    });
  }

  take(what = incoming()): Promise<void> {
    return this.intake.take(what, nothing(), signal);
  }
}

describe('the intake of snapshots', () => {
  it('installs what the core wants, and says so when it is in force', async () => {
    const bench = new Bench();
    const hardState = { term: 2, vote: 0, commit: 9 };
    bench.onStep = () => {
      bench.intake.wanted();
      void bench.intake.install(snapshot, hardState);
    };
    await bench.take();
    expect(bench.steps).toEqual(['install', 'reset', 'connect', 'reopen']);
    expect(bench.members.book.byName('n1')).toBeDefined();
  });

  it('drops what the core has no use for', async () => {
    const bench = new Bench();
    await bench.take();
    expect(bench.steps).toEqual(['discard']);
  });

  it('refuses a stream that holds another state than its message announced', async () => {
    const bench = new Bench();
    bench.point = { index: 10, term: 2 };
    await expect(bench.take()).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
    expect(bench.steps).toEqual(['discard']);
  });

  it('refuses messages that announce none, or for somebody else', async () => {
    const bench = new Bench();
    for (const message of [{ type: 'MsgApp' as const, snapshot: undefined }, { from: 99 }]) {
      await expect(bench.take(incoming(message))).rejects.toMatchObject({ code: 'MESSAGE_MALFORMED' });
    }
  });

  it('takes one at a time', async () => {
    const bench = new Bench();
    const first = bench.take();
    await expect(bench.take()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(bench.intake.keptChunks(incoming())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await first;
    await expect(bench.intake.keptChunks(incoming())).resolves.toBe(4);
  });

  it('drops what is kept of earlier streams, but not under one that arrives', async () => {
    const bench = new Bench();
    const taking = bench.take();
    expect(await bench.intake.tidy()).toBe(false);
    await taking;
    expect(await bench.intake.tidy()).toBe(true);
    expect(bench.steps).toEqual(['discard', 'tidy']);
  });

  it('tells the sender when it cannot be installed', async () => {
    const bench = new Bench();
    const cause = new CaissonError('DISK_FULL');
    bench.members.replace = () => {
      throw cause;
    };
    bench.onStep = () => {
      bench.intake.wanted();
      bench.intake.install(snapshot, { term: 2, vote: 0, commit: 9 }).catch(() => undefined);
    };
    await expect(bench.take()).rejects.toBe(cause);
  });

  it('never installs what it did not receive', async () => {
    const bench = new Bench();
    const installing = bench.intake.install(snapshot, { term: 2, vote: 0, commit: 9 });
    await expect(installing).rejects.toThrow('NODE-7');
  });
});
