import { createDeferred, toUtf8 } from '@caisson/base';
import { ManualClock, MemoryDisk, PlainStores } from '@caisson/compliance';
import { Life } from './life.js';
import { mortal } from './mortal.js';
import { ProcessClock } from './process-clock.js';

const ROW = [toUtf8('a'), toUtf8('b')] as const;

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a mortal store', () => {
  const stores = new PlainStores();
  const life = new Life(() => stores.crash());

  it('serves a process that lives', async () => {
    const store = await mortal(stores, life).open('/s');
    await store
      .batch()
      .put(...ROW)
      .write({ sync: true });
    const [pair] = await store
      .view()
      .scan({ from: new Uint8Array(0) })
      .next();
    expect(pair?.value).toEqual(ROW[1]);
    const heard: string[] = [];
    const writing = store.batch().delete(ROW[0]).write({ sync: true });
    const reading = store.get(ROW[0]).then(() => heard.push('an answer after the end'));
    life.end();
    void store.get(ROW[0]).then(() => heard.push('an answer to a call after the end'));
    await Promise.race([writing, reading, turns()]);
    expect(heard).toEqual([]);
  });
});

describe('a process that ends at a call', () => {
  async function filesAfter(moment: 'before' | 'after'): Promise<readonly string[] | undefined> {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/d');
    const life = new Life(() => undefined);
    const seen = mortal(disk, life);
    life.endAt(2, moment);
    await seen.create('/d/one');
    void seen.create('/d/two').then(() => seen.create('/d/three'));
    await turns();
    expect(life.isOver).toBe(true);
    return disk.list('/d');
  }

  it('has done what came before, and the call itself or not', async () => {
    expect(await filesAfter('before')).toEqual(['one']);
    expect(await filesAfter('after')).toEqual(['one', 'two']);
  });

  it('lives on when it was told so before the last call was answered', async () => {
    const answer = createDeferred<string>();
    const life = new Life(() => undefined);
    const seen = mortal({ ask: () => answer.promise }, life);
    life.endAt(1, 'after');
    const asked = seen.ask();
    life.endAt(Infinity, 'before');
    answer.resolve('late');
    expect(await asked).toBe('late');
    expect(life.isOver).toBe(false);
  });

  it('hears no alarm', async () => {
    const clock = new ManualClock();
    const life = new Life(() => undefined);
    const own = new ProcessClock(clock, life, 500);
    const rung: string[] = [];
    own.after(1, () => rung.push('one'));
    clock.advance(1);
    own.after(1, () => rung.push('two'));
    void own.sleep(1).then(() => rung.push('three'));
    expect(own.nowMs() - clock.nowMs()).toBe(500);
    life.end();
    clock.advance(1);
    await turns();
    expect(rung).toEqual(['one']);
  });
});

describe('a process that hangs', () => {
  it('gets to what happened meanwhile in its order, once it goes on', async () => {
    const clock = new ManualClock();
    const life = new Life(() => undefined);
    const own = new ProcessClock(clock, life);
    const heard: string[] = [];
    own.after(1, () => heard.push('alarm'));
    life.pause();
    clock.advance(5);
    life.run(() => heard.push('message'));
    expect([life.isPaused, heard]).toEqual([true, []]);
    life.resume();
    expect(heard).toEqual(['alarm', 'message']);
    life.slow((task) => void clock.after(10, task));
    life.run(() => heard.push('late'));
    life.slow(undefined);
    life.run(() => heard.push('behind it'));
    clock.advance(9);
    expect(heard).toHaveLength(2);
    clock.advance(1);
    expect(heard.slice(2)).toEqual(['late', 'behind it']);
  });
});
