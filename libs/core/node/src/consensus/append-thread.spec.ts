import { type HardState, type LogAppend, type RaftLog } from '@caisson/contracts';
import { EMPTY_CONF_STATE, createMessage, type Entry, type Message, type Snapshot } from '@caisson/raft';
import { createDeferred, type Deferred } from '@caisson/base';
import { AppendThread, type LogChore } from './append-thread.js';
import { toCoreEntry } from './core-entries.js';
import { LogCache } from './log-cache.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const entry = (index: number, term: number, size = 1): Entry => ({
  index,
  term,
  type: 'EntryNormal',
  data: new Uint8Array(size).fill(index),
});

/** A log whose appends resolve when the test says so. */
class SlowLog implements Pick<RaftLog, 'append' | 'start' | 'last' | 'hardState' | 'read'> {
  start = { index: 0, term: 0 };
  last = 0;
  hardState: HardState = { term: 0, vote: 0n, commit: 0 };
  readonly appends: LogAppend[] = [];
  readonly waiting: Deferred<void>[] = [];

  async append(append: LogAppend): Promise<void> {
    this.appends.push(append);
    const done = createDeferred<void>();
    this.waiting.push(done);
    await done.promise;
    this.last = append.entries.at(-1)?.index ?? this.last;
    this.hardState = append.hardState ?? this.hardState;
  }

  async read(): Promise<never[]> {
    return [];
  }

  async finish(failure?: unknown): Promise<void> {
    const done = this.waiting.shift()!;
    if (failure === undefined) done.resolve();
    else done.reject(failure);
    await turn();
  }
}

class Bench {
  readonly log = new SlowLog();
  readonly said: string[] = [];
  readonly installed: Snapshot[] = [];
  readonly chore: { due: boolean; run: LogChore['run'] } = { due: false, run: async () => undefined };
  failure: unknown;
  cache!: LogCache;
  thread!: AppendThread;

  async start(limits = { entries: 100, bytes: 1000 }): Promise<this> {
    const log = this.log as unknown as RaftLog;
    this.cache = await LogCache.open(log, {
      confState: EMPTY_CONF_STATE,
      pageBytes: 1000,
      applied: () => undefined,
    });
    this.thread = new AppendThread({
      log,
      cache: this.cache,
      limits,
      chore: this.chore,
      onEntries: () => undefined,
      onAppended: () => undefined,
      install: async (snapshot, { term, vote, commit }) => {
        this.installed.push(snapshot);
        this.log.hardState = { term, vote: BigInt(vote), commit };
        this.log.last = snapshot.index;
        this.cache.reset(snapshot, EMPTY_CONF_STATE);
      },
      deliver: (responses) => this.said.push(...responses.map(({ index }) => `said ${index}`)),
      onFailure: (cause) => void (this.failure = cause),
    });
    return this;
  }

  /** A piece of work whose one response bears a number. */
  push(says: number, work: Partial<Message>): void {
    const responses = [createMessage({ type: 'MsgAppResp', index: says })];
    this.thread.push(createMessage({ type: 'MsgStorageAppend', responses, ...work }));
    this.thread.kick();
  }

  get written(): readonly (readonly string[])[] {
    return this.log.appends.map(({ entries }) => entries.map(({ index, term }) => `${index}@${term}`));
  }
}

describe('the append thread', () => {
  it('appends at once, and gathers what comes meanwhile into one more append', async () => {
    const bench = await new Bench().start();
    bench.push(1, { term: 1, vote: 1, entries: [entry(1, 1)] });
    bench.push(2, { term: 1, vote: 1, commit: 1, entries: [entry(2, 1)] });
    bench.push(3, { entries: [entry(3, 1), entry(4, 1)] });
    expect(bench.written).toEqual([['1@1']]);
    expect(bench.said).toEqual([]);
    await bench.log.finish();
    expect(bench.written).toEqual([['1@1'], ['2@1', '3@1', '4@1']]);
    expect(bench.said).toEqual(['said 1']);
    await bench.log.finish();
    expect(bench.said).toEqual(['said 1', 'said 2', 'said 3']);
    expect(bench.log.hardState).toEqual({ term: 1, vote: 1n, commit: 1 });
    expect(bench.thread.durable).toBe(4);
  });

  it('keeps of entries that replace each other the ones that came last', async () => {
    const bench = await new Bench().start();
    bench.push(1, { term: 1, entries: [entry(1, 1), entry(2, 1), entry(3, 1)] });
    bench.push(2, { term: 2, entries: [entry(3, 2), entry(4, 2)] });
    bench.push(3, { term: 3, entries: [entry(2, 3)] });
    await bench.log.finish();
    expect(bench.written[1]).toEqual(['2@3']);
    await bench.log.finish();
    expect(bench.cache.lastIndex()).toBe(2);
    expect(bench.cache.term(2)).toBe(3);
    expect(bench.cache.bytes).toBe(2);
  });

  it('writes a vote down before it is given, and waits with the commit index for company', async () => {
    const bench = await new Bench().start();
    bench.push(1, { term: 2, vote: 3 });
    expect(bench.said).toEqual([]);
    await bench.log.finish();
    expect(bench.said).toEqual(['said 1']);
    bench.push(2, { term: 2, vote: 3, commit: 0 });
    expect(bench.log.appends).toHaveLength(1);
    expect(bench.said).toEqual(['said 1', 'said 2']);
  });

  it('records the commit index when it stops', async () => {
    const bench = await new Bench().start();
    bench.push(1, { term: 1, entries: [entry(1, 1)] });
    await bench.log.finish();
    bench.push(2, { term: 1, commit: 1 });
    const stopping = bench.thread.stop();
    await turn();
    await bench.log.finish();
    await stopping;
    expect(bench.log.hardState.commit).toBe(1);
  });

  it('ends an append at its limits, but for one piece that is larger by itself', async () => {
    const bench = await new Bench().start({ entries: 2, bytes: 10 });
    bench.push(1, { term: 1, entries: [entry(1, 1)] });
    bench.push(2, { entries: [entry(2, 1, 50)] });
    bench.push(3, { entries: [entry(3, 1)] });
    bench.push(4, { entries: [entry(4, 1)] });
    bench.push(5, { entries: [entry(5, 1)] });
    for (let append = 0; append < 4; append++) await bench.log.finish();
    expect(bench.written).toEqual([['1@1'], ['2@1'], ['3@1', '4@1'], ['5@1']]);
  });

  it('installs a snapshot between what came before it and what follows it', async () => {
    const bench = await new Bench().start();
    const snapshot = { index: 9, term: 2, confState: EMPTY_CONF_STATE, data: new Uint8Array(0) };
    bench.push(1, { term: 2, entries: [entry(1, 2)] });
    bench.push(2, { entries: [entry(2, 2)] });
    bench.push(3, { term: 2, commit: 9, snapshot, entries: [entry(10, 2)] });
    await bench.log.finish();
    expect(bench.installed).toEqual([]);
    await bench.log.finish();
    expect(bench.installed).toEqual([snapshot]);
    await bench.log.finish();
    expect(bench.written).toEqual([['1@2'], ['2@2'], ['10@2']]);
    expect(bench.said).toEqual(['said 1', 'said 2', 'said 3']);
    expect(bench.cache.firstIndex()).toBe(10);
  });

  it('says nothing more once an append failed', async () => {
    const bench = await new Bench().start();
    bench.push(1, { term: 1, entries: [entry(1, 1)] });
    bench.push(2, { entries: [entry(2, 1)] });
    const failure = new RangeError('no disk');
    await bench.log.finish(failure);
    expect(bench.failure).toBe(failure);
    bench.push(3, { entries: [entry(3, 1)] });
    await bench.thread.stop();
    expect([bench.said, bench.log.appends.length]).toEqual([[], 1]);
  });

  it('never records a commit index that its log does not reach', async () => {
    const bench = await new Bench().start();
    bench.push(1, { term: 1, commit: 5, entries: [entry(1, 1)] });
    await turn();
    expect(bench.failure).toMatchObject({ id: 'NODE-5' });
    expect(bench.log.appends).toEqual([]);
  });

  it('does what is due on the log between appends, and can record the commit index for it', async () => {
    const bench = await new Bench().start();
    let recorded = false;
    bench.chore.run = async (record) => {
      bench.chore.due = false;
      await record();
      recorded = true;
    };
    bench.push(1, { term: 1, entries: [entry(1, 1)] });
    await bench.log.finish();
    bench.push(2, { term: 1, commit: 1 });
    expect(bench.log.hardState.commit).toBe(0);
    bench.chore.due = true;
    bench.thread.kick();
    await turn();
    await bench.log.finish();
    expect([recorded, bench.log.hardState.commit]).toEqual([true, 1]);
  });
});

describe('entries of the log', () => {
  it('come back as they were', () => {
    const { kind, ...rest } = { kind: 'confChangeV2' as const, index: 4, term: 2, data: Uint8Array.of(1) };
    expect(toCoreEntry({ kind, ...rest })).toEqual({ type: 'EntryConfChangeV2', ...rest });
  });
});
