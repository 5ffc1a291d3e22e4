import { entries, entry } from '../log/log-harness.js';
import { ManualClock } from './manual-clock.js';
import { MemoryLogs } from './memory-logs.js';
import { SeededRandom } from './seeded-random.js';

describe('ManualClock', () => {
  it('rings alarms in the order of their times, each at its own moment', () => {
    const clock = new ManualClock(1000);
    const rung: string[] = [];
    clock.after(20, () => rung.push(`b at ${clock.monotonicMs()}`));
    clock.after(10, () => {
      rung.push(`a at ${clock.nowMs()}`);
      clock.after(5, () => rung.push(`c at ${clock.monotonicMs()}`));
    });
    clock.after(15, () => rung.push('never'))();
    clock.advance(20);
    expect(rung).toEqual(['a at 1010', 'c at 15', 'b at 20']);
    clock.step(-500);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([520, 20]);
  });

  it('knows how long it is until something rings, and rings what was set first first', () => {
    const clock = new ManualClock();
    const rung: number[] = [];
    const order = [7, 3, 9, 3, 5, 1, 7, 3, 8, 2, 9, 4, 6];
    const cancels = order.map((ms, at) => clock.after(ms, () => rung.push(at)));
    expect([clock.waiting, clock.untilNextMs]).toEqual([13, 1]);
    cancels[5]!();
    cancels[5]!();
    cancels[8]!();
    expect([clock.waiting, clock.untilNextMs]).toEqual([11, 2]);
    clock.advance(9);
    expect(rung).toEqual([9, 1, 3, 7, 11, 4, 12, 0, 6, 2, 10]);
    expect([clock.waiting, clock.untilNextMs]).toEqual([0, Infinity]);
  });

  it('wakes a sleeper in time, or at once with the reason of its signal', async () => {
    const clock = new ManualClock();
    const [slept, limit] = [clock.sleep(5), new AbortController()];
    const broken = clock.sleep(5, limit.signal);
    limit.abort('enough');
    await expect(broken).rejects.toBe('enough');
    await expect(clock.sleep(5, limit.signal)).rejects.toBe('enough');
    expect(clock.waiting).toBe(1);
    clock.advance(5);
    await slept;
  });

  it('does not go back (CLOCK-1)', () => {
    expect(() => new ManualClock().advance(-1)).toThrow('CLOCK-1');
  });
});

describe('SeededRandom', () => {
  it('repeats itself for a seed and differs for another', () => {
    expect(new SeededRandom(7).bytes(16)).toEqual(new SeededRandom(7).bytes(16));
    expect(new SeededRandom(8).bytes(16)).not.toEqual(new SeededRandom(7).bytes(16));
  });

  it('refuses a bound it cannot keep (RANDOM-1)', () => {
    expect(() => new SeededRandom().integer(0)).toThrow('RANDOM-1');
  });
});

describe('MemoryLogs', () => {
  it('catches holes, reads outside the log, and writers that overlap (LOG-1, LOG-2, LOG-3)', async () => {
    const log = await new MemoryLogs().open('/a');
    await log.append({ entries: entries(1, 3, 1) });
    await expect(log.append({ entries: [entry(5, 1)] })).rejects.toMatchObject({ id: 'LOG-1' });
    await expect(log.append({ entries: [entry(4, 1), entry(6, 1)] })).rejects.toMatchObject({ id: 'LOG-1' });
    await expect(log.read(3, 4, 0)).rejects.toMatchObject({ id: 'LOG-2' });
    await expect(log.term(4)).rejects.toMatchObject({ id: 'LOG-2' });
    const first = log.append({ entries: [entry(4, 1)] });
    await expect(log.append({ entries: [entry(4, 1)] })).rejects.toMatchObject({ id: 'LOG-3' });
    await first;
  });
});
