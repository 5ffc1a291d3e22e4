import { MemoryLogs, PlainStores, plaintextSide } from '@caisson/compliance';
import type { LogEntry, RaftLog } from '@caisson/contracts';
import { EMPTY_CONF_STATE } from '@caisson/raft';
import { AppliedPosition } from '../reading/applied-position.js';
import { WriterQueue } from '../writing/writer-queue.js';
import { toCoreEntry } from './core-entries.js';
import { LogCache } from './log-cache.js';
import { LogCompaction } from './log-compaction.js';
import { checkContinuity } from './log-continuity.js';

const entry = (index: number, size = 10): LogEntry => ({
  index,
  term: 1 + Math.floor(index / 10),
  kind: 'normal',
  data: new Uint8Array(size),
});

const entries = (from: number, to: number): LogEntry[] =>
  Array.from({ length: to - from + 1 }, (_, at) => entry(from + at));

async function opened(last: number): Promise<{ log: RaftLog; cache: LogCache }> {
  const log = await new MemoryLogs().open('/log');
  if (last > 0) {
    await log.append({ entries: entries(1, last), hardState: { term: 3, vote: 5n, commit: 2 } });
  }
  return { log, cache: await cacheOf(log) };
}

const cacheOf = (log: RaftLog): Promise<LogCache> =>
  LogCache.open(log, {
    confState: EMPTY_CONF_STATE,
    pageBytes: 35,
    applied: () => ({ index: 12, confState: EMPTY_CONF_STATE }),
  });

describe('the log in memory', () => {
  it('holds what the log holds, however many pages that takes', async () => {
    const { cache } = await opened(25);
    expect([cache.firstIndex(), cache.lastIndex(), cache.bytes]).toEqual([1, 25, 250]);
    expect(cache.entries(9, 12, Infinity)).toEqual(entries(9, 11).map(toCoreEntry));
    expect(cache.initialState().hardState).toEqual({ term: 3, vote: 5, commit: 2 });
  });

  it('answers for a snapshot at the applied index', async () => {
    const { cache } = await opened(25);
    expect(cache.snapshot()).toMatchObject({ index: 12, term: 2 });
  });

  it('begins where the log begins, and takes what left it for committed', async () => {
    const { log } = await opened(25);
    await log.compact(15);
    const cache = await cacheOf(log);
    expect([cache.firstIndex(), cache.term(15), cache.term(14)]).toEqual([16, 2, 'compacted']);
    expect(cache.initialState().hardState.commit).toBe(15);
    expect(() => cache.termAt(14)).toThrow('NODE-4');
  });

  it('finds the tail that fits', async () => {
    const { cache } = await opened(25);
    expect(cache.tailStart(20, { entries: 5, bytes: 1000 })).toBe(16);
    expect(cache.tailStart(20, { entries: 100, bytes: 30 })).toBe(18);
    expect(cache.tailStart(20, { entries: 0, bytes: 30 })).toBe(21);
    expect(cache.tailStart(20, { entries: 100, bytes: 10_000 })).toBe(1);
  });

  it('starts over after a snapshot, and never goes back', async () => {
    const { cache } = await opened(25);
    cache.reset({ index: 40, term: 9 }, EMPTY_CONF_STATE);
    expect([cache.firstIndex(), cache.lastIndex(), cache.bytes, cache.termAt(40)]).toEqual([41, 40, 0, 9]);
    expect(() => cache.reset({ index: 30, term: 9 }, EMPTY_CONF_STATE)).toThrow('NODE-3');
  });
});

describe('compaction', () => {
  const limits = { entries: 10, bytes: 150, keepEntries: 5, keepBytes: 1000, holdBytes: 10_000 };

  async function compacted(applied: number, changes: Partial<typeof limits> = {}) {
    const { log, cache } = await opened(30);
    const stores = new PlainStores();
    const store = plaintextSide(await stores.open('/store'));
    const position = new AppliedPosition(applied);
    const compaction = new LogCompaction({
      log,
      cache,
      store,
      writer: new WriterQueue(),
      position,
      limits: { ...limits, ...changes },
      heard: () => position.value,
    });
    const steps: string[] = [];
    const run = () => compaction.run(async () => void steps.push(`recorded at ${log.start.index}`));
    return { log, cache, compaction, run, steps, position };
  }

  it('keeps a tail behind what is applied, and records the commit index first', async () => {
    const { log, cache, compaction, run, steps } = await compacted(20);
    expect(compaction.due).toBe(true);
    await run();
    expect([log.start.index, cache.firstIndex()]).toEqual([15, 16]);
    expect(steps).toEqual(['recorded at 0']);
  });

  it('is not due for a few entries', async () => {
    const { compaction } = await compacted(14, { bytes: 1_000_000 });
    expect(compaction.due).toBe(false);
  });

  it('waits for a snapshot on its way, as long as there is room', async () => {
    const { log, compaction, run, position } = await compacted(20);
    compaction.hold('n2', 8);
    await run();
    expect(log.start.index).toBe(8);
    await run();
    expect(compaction.due).toBe(false);
    position.advance(21);
    compaction.release('n2');
    await run();
    expect(log.start.index).toBe(16);
  });

  it('waits for nobody once the log is too large', async () => {
    const { log, compaction, run } = await compacted(20, { holdBytes: 200 });
    compaction.hold('n2', 8);
    await run();
    expect(log.start.index).toBe(15);
  });

  it('is done when asked for, however little there is', async () => {
    const { log, compaction, run } = await compacted(8, { bytes: 1_000_000 });
    expect(compaction.due).toBe(false);
    const done = compaction.want();
    expect(compaction.due).toBe(true);
    await run();
    await done;
    expect(log.start.index).toBe(3);
  });
});

describe('log and store', () => {
  it('must meet', async () => {
    const { log } = await opened(20);
    await log.compact(10);
    for (const applied of [9, 21]) {
      expect(() => checkContinuity(1, log, applied)).toThrow(
        expect.objectContaining({ code: 'CORRUPTION', details: expect.objectContaining({ applied }) }),
      );
    }
    const cut = {
      ...log,
      start: log.start,
      last: 15,
      hardState: { term: 1, vote: 0n, commit: 16 },
    } as RaftLog;
    expect(() => checkContinuity(1, cut, 12)).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
    expect(() => checkContinuity(1, log, 10)).not.toThrow();
    expect(() => checkContinuity(1, log, 20)).not.toThrow();
  });
});
