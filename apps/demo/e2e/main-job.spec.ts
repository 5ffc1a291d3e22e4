import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCorpus, runMainJob, type MainJobResult } from '../src/index.js';

const LINES = 100_000;

async function run(encrypted: boolean): Promise<MainJobResult> {
  const folder = await mkdtemp(join(tmpdir(), 'caisson-main-job-'));
  try {
    return await runMainJob({ corpus: await findCorpus(LINES), folder, encrypted, tell: () => undefined });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('a real corpus survives import, SIGKILL and restart, and not one of its values can be read from disk', async () => {
  const result = await run(true);
  expect(result).toMatchObject({ lines: LINES, acknowledgedMissing: 0, readBackWrong: 0, exportEqual: true });
  expect(result.killedAfterRecords).toBeGreaterThan(0);
  expect(result.search.needles).toBeGreaterThan(LINES / 10);
  expect(result.search).toMatchObject({ found: 0, places: [] });
}, 240_000);

test('without encryption the same search finds nearly all of them, so it would have found them', async () => {
  const result = await run(false);
  expect(result).toMatchObject({ acknowledgedMissing: 0, readBackWrong: 0, exportEqual: true });
  expect(result.search.found).toBeGreaterThanOrEqual(result.search.needles * 0.99);
}, 240_000);
