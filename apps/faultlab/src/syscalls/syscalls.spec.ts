import { brokenLog, contentAfter } from './log-series.js';
import { brokenNode, keyOf, valueOf } from './node-series.js';
import { callsIn, nameOf, pointsOf } from './points.js';
import { brokenStore, rowsAfter } from './store-series.js';
import { summaryOf } from './summary.js';
import { acknowledgedTooLate, firstInDoubt, parseTold, type Told } from './told.js';

const TRACE = [
  '11 openat(AT_FDCWD</>, "/x/files/db/1.log", O_WRONLY|O_CREAT, 0644) = 4</x/files/db/1.log>',
  '11 openat(AT_FDCWD</>, "/x/files/db/1.log", O_RDONLY) = 5</x/files/db/1.log>',
  '11 write(4</x/files/db/1.log>, ""..., 7) = 7',
  '12 write(4</x/files/db/1.log>, ""..., 7) = 7',
  '11 write(4</x/files/db/1.log>, ""..., 7 <unfinished ...>',
  '11 write(1<pipe:[17]>, ""..., 4) = 4',
  '11 rename("/x/files/db/2.tmp", "/x/files/db/CURRENT") = 0',
  '11 fsync(9</x/files>) = 0',
].join('\n');

test('a trace says how often a thread makes each call about each file of the folder', () => {
  expect([...callsIn(TRACE, '/x/files').values()]).toEqual([
    { call: 'openat', file: 'db/1.log', nth: 1 },
    { call: 'write', file: 'db/1.log', nth: 2 },
    { call: 'rename', file: 'db/2.tmp', nth: 1 },
    { call: 'fsync', file: '', nth: 1 },
  ]);
});

const ALL = { seed: 1, only: () => true };

test('points are drawn by a seed, each kind of call before any comes again, and none twice', () => {
  const calls = callsIn(TRACE, '/x/files');
  const all = pointsOf(calls, { ...ALL, count: 1000 });
  expect(new Set(all.map(nameOf)).size).toBe(all.length);
  expect(all.map(nameOf)).toContain('ENOSPC at write 2 of db/1.log');
  const few = pointsOf(calls, { ...ALL, count: 4 });
  expect(pointsOf(calls, { ...ALL, count: 4 })).toEqual(few);
  expect(new Set(few.map(({ call, deed }) => `${deed} ${call}`)).size).toBe(4);
  const only = (name: string) => name.startsWith('kill at fsync');
  expect(pointsOf(calls, { count: 9, seed: 1, only })).toEqual([
    { deed: 'kill', call: 'fsync', file: '', nth: 1 },
  ]);
});

test('a line that was cut off is no promise', () => {
  const told = parseTold('> 0\n< 0\n~ 5 DISK_ERROR\n> 1\n! 1 DISK_FULL\n> 2\n< 2');
  expect(told).toEqual({
    begun: [0, 1, 2],
    acknowledged: [0],
    refused: [[1, 'DISK_FULL']],
    asides: [[5, 'DISK_ERROR']],
    isDone: false,
  });
  expect(firstInDoubt(told)).toBe(1);
  expect(acknowledgedTooLate(told)).toBeUndefined();
  expect(acknowledgedTooLate(parseTold('> 1\n! 1 DISK_FULL\n> 2\n< 2\n'))).toBe(2);
  expect(acknowledgedTooLate(parseTold('~ 1 DISK_FULL\n> 2\n< 2\n'))).toBeUndefined();
});

/** Steps up to one are acknowledged, and so many more are under way. */
function toldUpTo(last: number, underWay = 1): Told {
  const acknowledged = Array.from({ length: last + 1 }, (_, at) => at);
  const begun = [...acknowledged, ...Array.from({ length: underWay }, (_, at) => last + 1 + at)];
  return { begun, acknowledged, refused: [], asides: [], isDone: false };
}

test('a store is as after its last synced batch or a later one, and never in between', () => {
  const told = toldUpTo(7);
  for (const last of [6, 7, 8]) expect(brokenStore(rowsAfter(last), told)).toBeUndefined();
  expect(brokenStore(rowsAfter(5), told)).toBe('the store is as after step 5, and step 6 was acknowledged');
  expect(brokenStore(rowsAfter(9), told)).toContain('no moment');
  const torn = new Map(rowsAfter(7));
  torn.delete('row 1');
  expect(brokenStore(torn, told)).toContain('no moment');
});

test('a log is as after the last acknowledged step or the one under way', () => {
  const told = toldUpTo(9);
  for (const last of [9, 10]) expect(brokenLog(contentAfter(last), told)).toBeUndefined();
  for (const last of [8, 11]) expect(brokenLog(contentAfter(last), told)).toContain('as after no step');
});

test('a key of a node holds what was acknowledged last, or what came after and nobody heard of', () => {
  const told = toldUpTo(13);
  const good = new Map(told.begun.map((step) => [keyOf(step), valueOf(step)]));
  expect(brokenNode(good, told)).toBeUndefined();
  expect(brokenNode(new Map([...good, [keyOf(2), valueOf(14)]]), toldUpTo(13, 0))).toBe(
    'key 2 is as of step 14, and step 2 was acknowledged of it',
  );
  const without = new Map(good);
  without.delete(keyOf(3));
  expect(brokenNode(without, told)).toBe('key 3 is absent, and step 3 was acknowledged of it');
});

test('a sweep that hardly ever gets to its points shows nothing, and says so', () => {
  const point = { deed: 'kill', call: 'write', file: 'a', nth: 1 } as const;
  const done = (reached: boolean) => ({
    series: 'log' as const,
    point,
    reached,
    acknowledged: 1,
    again: false,
    givenUp: false,
  });
  const few = [...Array.from({ length: 9 }, () => done(false)), done(true)];
  expect(summaryOf('log', few).findings.map(({ rule }) => rule)).toEqual(['H6']);
  expect(
    summaryOf(
      'log',
      few.map(() => done(true)),
    ).findings,
  ).toEqual([]);
});
