import { ManualClock } from '@caisson/compliance';
import { leaseMs, ReadLease } from './read-lease.js';

const LASTS_MS = 700;

class Bench {
  readonly clock = new ManualClock();
  reign: string | undefined = 'term 1';
  readonly lease: ReadLease;

  constructor(lastsMs = LASTS_MS) {
    this.lease = new ReadLease({ clock: this.clock, lastsMs, startedMs: 0, reign: () => this.reign });
  }
}

describe('the lease of a leader', () => {
  it('runs from the moment the question was sent, not from its answer', () => {
    const { clock, lease } = new Bench();
    expect(lease.holds).toBe(false);
    lease.asked(1);
    clock.advance(500);
    expect(lease.holds).toBe(false);
    lease.confirmed(1);
    expect(lease.holds).toBe(true);
    clock.advance(199);
    expect(lease.holds).toBe(true);
    clock.advance(1);
    expect(lease.holds).toBe(false);
  });

  it('is prolonged by later questions, and never by the answer to an earlier one', () => {
    const { clock, lease } = new Bench();
    lease.asked(1);
    clock.advance(400);
    lease.asked(2);
    lease.confirmed(2);
    lease.confirmed(1);
    clock.advance(600);
    expect(lease.holds).toBe(true);
    clock.advance(100);
    expect(lease.holds).toBe(false);
  });

  it.each([
    ['the leadership ends', undefined],
    ['term or membership are others', 'term 2'],
  ])('ends when %s, and does not come back', (_, reign) => {
    const bench = new Bench();
    bench.lease.asked(1);
    bench.lease.confirmed(1);
    bench.reign = reign;
    expect(bench.lease.holds).toBe(false);
    bench.reign = 'term 1';
    expect(bench.lease.holds).toBe(false);
  });

  it('counts no question that was asked under another leadership', () => {
    const bench = new Bench();
    bench.reign = undefined;
    bench.lease.asked(1);
    bench.reign = 'term 1';
    bench.lease.confirmed(1);
    expect(bench.lease.holds).toBe(false);
  });

  it('ends when the clocks of the machine disagree', () => {
    const { clock, lease } = new Bench();
    lease.asked(1);
    lease.confirmed(1);
    clock.advance(100);
    clock.step(5_000);
    expect(lease.holds).toBe(false);
  });

  it('binds the vote of a member that has just started, for as long as one may last', () => {
    const { clock, lease } = new Bench();
    expect(lease.bindsVote).toBe(true);
    clock.advance(LASTS_MS);
    expect(lease.bindsVote).toBe(false);
    expect(new Bench(0).lease.bindsVote).toBe(false);
  });

  it('is none where none is wanted, or ticks are too few for one', () => {
    const { lease } = new Bench(0);
    lease.asked(1);
    lease.confirmed(1);
    expect(lease.holds).toBe(false);
    expect(leaseMs({ election: 2, ms: 100 })).toBe(0);
    expect(leaseMs({ election: 10, ms: 100 })).toBe(720);
  });
});
