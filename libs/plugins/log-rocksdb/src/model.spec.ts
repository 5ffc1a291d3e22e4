import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLogs } from '@caisson/compliance';
import type { LogEntry, LogEntryKind, RaftLog } from '@caisson/contracts';
import fc from 'fast-check';
import { RocksdbLogs } from './rocksdb-logs.js';

const KINDS: readonly LogEntryKind[] = ['normal', 'confChange', 'confChangeV2'];
const hardState = fc.record({
  term: fc.maxSafeNat(),
  vote: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  commit: fc.maxSafeNat(),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(12) }),
      sizes: fc.array(fc.nat(200), { maxLength: 8 }),
      term: fc.maxSafeNat(),
      hardState: fc.option(hardState, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), index: fc.nat(40), hardState }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), maxBytes: fc.nat(600) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(log: RaftLog, each: Step): Promise<unknown> {
  const { start, last } = log;
  if (each.kind === 'append') {
    const first = Math.max(start.index + 1, last + 1 - each.back);
    const entries = each.sizes.map((size, at): LogEntry => {
      const index = first + at;
      const data = new Uint8Array(size).fill(index + each.term);
      return { index, term: each.term, kind: KINDS[index % 3]!, data };
    });
    return log.append({ entries, hardState: each.hardState });
  }
  if (each.kind === 'compact') return log.compact(start.index + Math.floor((last - start.index) * each.at));
  if (each.kind === 'reset') return log.reset({ index: each.index, term: each.index * 3 }, each.hardState);
  if (each.kind === 'read' && last > start.index) return log.read(start.index + 1, last, each.maxBytes);
  return undefined;
}

async function everything(log: RaftLog): Promise<unknown> {
  const { start, last, hardState } = log;
  const terms: number[] = [];
  for (let index = start.index; index <= last; index++) terms.push(await log.term(index));
  const held = last > start.index ? await log.read(start.index + 1, last, Number.MAX_SAFE_INTEGER) : [];
  return { start, last, hardState, terms, held };
}

test.each([0, 700, 1 << 20])('with %d bytes of memory, a log is like the reference', async (cacheBytes) => {
  const root = mkdtempSync(join(tmpdir(), 'caisson-log-model-'));
  const [logs, reference] = [new RocksdbLogs({ cacheBytes }), new MemoryLogs()];
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      const directory = join(root, String((run += 1)));
      let [log, model] = [await logs.open(directory), await reference.open(directory)];
      for (const each of steps) {
        expect(await take(log, each)).toEqual(await take(model, each));
        if (each.kind === 'reopen') {
          await Promise.all([log.close(), model.close()]);
          [log, model] = [await logs.open(directory), await reference.open(directory)];
        }
        expect(await everything(log)).toEqual(await everything(model));
      }
      await Promise.all([log.close(), model.close()]);
    }),
    { numRuns: 40 },
  );
  rmSync(root, { recursive: true });
});
