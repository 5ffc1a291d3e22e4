import { createDeferred, type Deferred } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import { AppliedPosition } from './applied-position.js';
import { ReadBarrier } from './read-barrier.js';

const settled = async (): Promise<void> => {
  for (let at = 0; at < 20; at++) await Promise.resolve();
};

describe('ReadBarrier', () => {
  it('waits until what was confirmed is applied', async () => {
    const applied = new AppliedPosition(3);
    const barrier = new ReadBarrier(() => 5, applied);
    let passed: number | undefined;
    const pass = barrier.pass().then((position) => (passed = position));
    await settled();
    expect(passed).toBeUndefined();
    applied.advance(4);
    applied.advance(6);
    expect(await pass).toBe(6);
  });

  it('never lets a call share a confirmation that began before it', async () => {
    const rounds: Deferred<number>[] = [];
    const confirm = (): Promise<number> => {
      const round = createDeferred<number>();
      rounds.push(round);
      return round.promise;
    };
    const applied = new AppliedPosition(100);
    const barrier = new ReadBarrier(confirm, applied);
    const order: string[] = [];
    void barrier.pass().then(() => order.push('first'));
    void barrier.pass().then(() => order.push('second'));
    void barrier.pass().then(() => order.push('third'));
    await settled();
    expect(rounds).toHaveLength(1);
    rounds[0]!.resolve(10);
    await settled();
    expect(order).toEqual(['first']);
    expect(rounds).toHaveLength(2);
    rounds[1]!.resolve(11);
    await settled();
    expect(order).toEqual(['first', 'second', 'third']);
  });

  it('asks again after a confirmation that failed', async () => {
    let asked = 0;
    const confirm = async (): Promise<number> => {
      if (++asked === 1) throw new CaissonError('NOT_LEADER');
      return 1;
    };
    const barrier = new ReadBarrier(confirm, new AppliedPosition(1));
    const [first, second] = await Promise.allSettled([barrier.pass(), barrier.pass()]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'NOT_LEADER' } });
    expect(second).toMatchObject({ status: 'fulfilled', value: 1 });
  });

  it('fails waiting and later readers once nothing is applied any more', async () => {
    const applied = new AppliedPosition(1);
    const barrier = new ReadBarrier(() => 2, applied);
    const waiting = barrier.pass();
    await Promise.resolve();
    applied.fail(new CaissonError('APPLY_HALTED'));
    await expect(waiting).rejects.toMatchObject({ code: 'APPLY_HALTED' });
    await expect(barrier.pass()).rejects.toMatchObject({ code: 'APPLY_HALTED' });
  });
});
