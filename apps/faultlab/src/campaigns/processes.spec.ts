import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobFailed, type ProcessesOptions, runInProcesses } from './processes.js';

/** Says who ran a seed, in place of what came of it. */
const JOB = `
process.on('message', ({ seed }) => {
  if (seed === 9) process.exit(3);
  const told = { run: { seed, pid: process.pid }, rssBytes: seed * 100 };
  setTimeout(() => process.send(told), seed === 1 ? 50 : 0);
});
process.once('disconnect', () => process.exit());
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caisson-processes-'));
  await writeFile(join(folder, 'job.mjs'), JOB);
});
afterAll(() => rm(folder, { recursive: true }));

async function campaign(own: Pick<ProcessesOptions, 'seeds' | 'jobs'> & Partial<ProcessesOptions>) {
  const told: number[] = [];
  const runs = await runInProcesses({
    args: [],
    main: join(folder, 'job.mjs'),
    onRun: ({ seed }) => told.push(seed),
    signal: new AbortController().signal,
    ...own,
  });
  return { told, pids: runs.map((run) => (run as unknown as { readonly pid: number }).pid) };
}

test('seeds are told in their order, whichever process is done first', async () => {
  const { pids, told } = await campaign({ seeds: [1, 2, 3, 4], jobs: 2 });
  expect(told).toEqual([1, 2, 3, 4]);
  expect(new Set(pids).size).toBe(2);
});

test('a process that holds too much is replaced between two storms', async () => {
  const { pids, told } = await campaign({ seeds: [2, 3, 4, 5], jobs: 1, rssBytesMax: 350 });
  expect(told).toEqual([2, 3, 4, 5]);
  expect([pids[0] === pids[1], pids[1] === pids[2], pids[2] === pids[3]]).toEqual([true, true, false]);
});

test('a process that ends in the middle of a storm fails the campaign', async () => {
  await expect(campaign({ seeds: [1, 9], jobs: 1 })).rejects.toThrow(JobFailed);
});
