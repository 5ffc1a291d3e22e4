import { EMPTY_CONF_STATE, MemoryStorage, RawNode } from '@caisson/raft';
import { Driver } from './driver.js';
import { Turns } from './turns.js';

function rawNode(): RawNode {
  const storage = new MemoryStorage();
  const confState = { ...EMPTY_CONF_STATE, voters: [1] };
  storage.applySnapshot({ index: 0, term: 0, confState, data: new Uint8Array(0) });
  const ticks = { electionTick: 10, heartbeatTick: 1, random: () => 0 };
  return new RawNode({ id: 1, storage, asyncStorageWrites: true, ...ticks });
}

class Bench {
  readonly steps: string[] = [];
  readonly failures: unknown[] = [];
  readonly turns: (() => void)[] = [];
  readonly driver: Driver;
  onReady = (): void => undefined;

  constructor() {
    const turn = (): Promise<void> => new Promise((resolve) => this.turns.push(resolve));
    this.driver = new Driver({
      raw: rawNode(),
      turns: new Turns({ turn }),
      feed: () => void this.steps.push('feed'),
      onReady: () => {
        this.steps.push('ready');
        this.onReady();
      },
      afterRun: () => void this.steps.push('after'),
      onFailure: (cause) => void this.failures.push(cause),
    });
  }

  input(name: string): () => void {
    return () => void this.steps.push(name);
  }
}

describe('the driver', () => {
  it('takes everything of a turn together, then feeds, then works it off', async () => {
    const bench = new Bench();
    bench.driver.post(bench.input('a'));
    bench.driver.post((raw) => raw.campaign());
    bench.driver.post(bench.input('b'));
    expect([bench.steps, bench.turns.length]).toEqual([[], 1]);
    bench.turns[0]!();
    await Promise.resolve();
    await Promise.resolve();
    expect(bench.steps).toEqual(['a', 'b', 'feed', 'ready', 'after']);
  });

  it('never enters the core twice: what arrives from inside waits, and is not left over', () => {
    const bench = new Bench();
    bench.onReady = () => bench.driver.act(bench.input('inner'));
    bench.driver.act((raw) => {
      raw.campaign();
      bench.driver.act(bench.input('nested'));
      bench.steps.push('outer');
    });
    expect(bench.steps).toEqual(['outer', 'feed', 'ready', 'after', 'nested', 'inner', 'feed', 'after']);
  });

  it('ends with the first bug, and says so', () => {
    const bench = new Bench();
    const bug = new RangeError('a bug');
    bench.driver.act(() => {
      throw bug;
    });
    bench.driver.act(bench.input('late'));
    expect([bench.failures, bench.steps, bench.driver.isStopped]).toEqual([[bug], [], true]);
  });

  it('does nothing once it is stopped', () => {
    const bench = new Bench();
    bench.driver.stop();
    bench.driver.act(bench.input('late'));
    bench.driver.wake();
    expect([bench.steps, bench.turns.length]).toEqual([[], 0]);
  });
});

describe('turns', () => {
  it('run what all groups asked for in one, each task once', async () => {
    const begun: (() => void)[] = [];
    const turns = new Turns({ turn: () => new Promise((resolve) => begun.push(resolve)) });
    const done: string[] = [];
    const first = (): void => {
      done.push('first');
      turns.request(second);
    };
    const second = (): void => void done.push('second');
    for (const task of [first, second, first]) turns.request(task);
    expect(begun).toHaveLength(1);
    begun[0]!();
    await Promise.resolve();
    await Promise.resolve();
    expect([done, begun.length]).toEqual([['first', 'second'], 2]);
  });
});
