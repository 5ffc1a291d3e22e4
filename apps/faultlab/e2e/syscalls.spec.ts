import { skipUnless } from '@caisson/compliance';
import { spawnSync } from 'node:child_process';
import { SERIES_NAMES, type SeriesName } from '../src/syscalls/series.js';
import { sweep, type SweepOptions } from '../src/syscalls/sweep.js';

const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;
const traced = skipUnless(canTrace, 'needs strace, and a machine that lets it trace');

const pointsOf = (series: SeriesName, count: number, more: Partial<SweepOptions> = {}) =>
  sweep({
    series,
    count,
    seed: 5,
    isNested: false,
    done: [],
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...more,
  });

traced(
  'real processes that are killed at a system call, or see it fail, leave what they promised',
  async () => {
    for (const series of SERIES_NAMES) {
      const points = await pointsOf(series, 3);
      expect(points.flatMap(({ finding }) => finding ?? [])).toEqual([]);
      expect(points.some(({ reached }) => reached)).toBe(true);
    }
  },
  600_000,
);

traced(
  'a process that acknowledges before it has written is found out',
  async () => {
    const only = (name: string) => /^kill at write \d+ of .*\.log$/.test(name);
    const points = await pointsOf('log', 3, { isHasty: true, only });
    expect(points.some(({ finding }) => finding?.rule === 'R6')).toBe(true);
  },
  600_000,
);
