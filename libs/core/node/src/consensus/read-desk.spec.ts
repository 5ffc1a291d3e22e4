import { ManualClock, SeededRandom } from '@caisson/compliance';
import { createMessage } from '@caisson/raft';
import { AppliedPosition } from '../reading/applied-position.js';
import { Freshness } from './freshness.js';
import { ReadDesk } from './read-desk.js';
import { Ticker } from './ticker.js';

class Bench {
  readonly asked: Uint8Array[] = [];
  readonly desk: ReadDesk;

  constructor(seed = 1) {
    this.desk = new ReadDesk({
      group: 1,
      random: new SeededRandom(seed),
      retryTicks: 2,
      limitTicks: 5,
      ask: (context) => void this.asked.push(context),
      lease: { asked: () => undefined, confirmed: () => undefined },
    });
  }

  ticks(count: number): void {
    for (let tick = 0; tick < count; tick++) this.desk.tick();
  }

  answer(question: number, index: number): void {
    this.desk.answer({ index, context: this.asked[question]! });
  }
}

describe('the read desk', () => {
  it('lets an answer stand for every read that began before its question', async () => {
    const bench = new Bench();
    const reads = [bench.desk.confirm(), bench.desk.confirm()];
    const late = bench.desk.confirm();
    bench.answer(1, 7);
    expect(await Promise.all(reads)).toEqual([7, 7]);
    bench.answer(0, 3);
    bench.answer(2, 9);
    expect(await late).toBe(9);
  });

  it('asks again while there is no answer, and takes any of its questions’ answers', async () => {
    const bench = new Bench();
    const read = bench.desk.confirm();
    bench.ticks(2);
    bench.desk.again();
    expect(bench.asked).toHaveLength(3);
    bench.answer(0, 4);
    expect(await read).toBe(4);
    bench.desk.again();
    expect(bench.asked).toHaveLength(3);
  });

  it('gives up after a while', async () => {
    const bench = new Bench();
    const read = bench.desk.confirm();
    bench.ticks(5);
    await expect(read).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    bench.answer(0, 4);
  });

  it('is deaf to answers that an earlier process asked for', async () => {
    const before = new Bench(1);
    const now = new Bench(2);
    before.desk.confirm().catch(() => undefined);
    const read = now.desk.confirm();
    now.desk.answer({ index: 1, context: before.asked[0]! });
    now.desk.answer({ index: 1, context: Uint8Array.of(1) });
    now.answer(0, 5);
    expect(await read).toBe(5);
  });
});

describe('the age of a follower’s state', () => {
  const heard = (commit: number, type: 'MsgApp' | 'MsgHeartbeat' = 'MsgApp') =>
    createMessage({ type, commit });

  it('counts from the last word of the leader whose commit index is applied', () => {
    const clock = new ManualClock();
    const position = new AppliedPosition(5);
    const freshness = new Freshness(clock, position);
    clock.advance(1000);
    expect(freshness.staleMs).toBe(1000);
    freshness.heard(heard(5));
    expect(freshness.staleMs).toBe(0);
    clock.advance(300);
    freshness.heard(heard(8));
    clock.advance(100);
    expect(freshness.staleMs).toBe(400);
    position.advance(8);
    expect(freshness.staleMs).toBe(100);
  });

  it('gets younger under load too, and is not fooled by a heartbeat that knows less', () => {
    const clock = new ManualClock();
    const position = new AppliedPosition(0);
    const freshness = new Freshness(clock, position);
    freshness.heard(heard(10));
    clock.advance(100);
    freshness.heard(heard(4, 'MsgHeartbeat'));
    freshness.heard(heard(20));
    position.advance(10);
    expect(freshness.staleMs).toBe(100);
    freshness.heard(heard(4, 'MsgHeartbeat'));
    expect(freshness.staleMs).toBe(100);
    position.advance(20);
    expect(freshness.staleMs).toBe(0);
  });

  it('counts from the moment it led last, once it leads no more', () => {
    const clock = new ManualClock();
    const position = new AppliedPosition(5);
    const freshness = new Freshness(clock, position);
    freshness.heard(heard(8));
    position.advance(8);
    for (let tick = 0; tick < 100; tick++) {
      clock.advance(500);
      freshness.leads();
    }
    clock.advance(200);
    expect(freshness.staleMs).toBe(200);
    freshness.heard(heard(9));
    clock.advance(100);
    expect(freshness.staleMs).toBe(300);
    position.advance(9);
    expect(freshness.staleMs).toBe(100);
  });
});

describe('the ticker', () => {
  it('ticks for everybody from one timer, and not at all for nobody', () => {
    const clock = new ManualClock();
    const ticker = new Ticker(clock, 100);
    const ticks = [0, 0];
    const ends = [ticker.add(() => ticks[0]!++), ticker.add(() => ticks[1]!++)];
    expect(clock.waiting).toBe(1);
    clock.advance(250);
    ends[0]!();
    clock.advance(100);
    expect(ticks).toEqual([2, 3]);
    ends[1]!();
    expect(clock.waiting).toBe(0);
  });
});
