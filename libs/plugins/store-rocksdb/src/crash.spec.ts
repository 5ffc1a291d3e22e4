import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentOf, plannedContents } from './testdata/contents.js';
import { killedWriter } from './testdata/killed.js';

/** How many batches a writer lives to acknowledge; 0 while it opens the store. */
const KILLS = [0, 3, 0, 203, 377, 0, 100, 1];

test('a store whose process was killed opens again with every synced batch', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'caisson-store-crash-'));
  try {
    let [reached, synced] = [0, 0];
    for (const batches of KILLS) {
      const killed = await killedWriter(directory, {
        first: reached + 1,
        last: reached + 1000,
        after: batches && reached + batches,
      });
      synced = Math.max(synced, killed.synced);
      // One batch more may have been written than the process lived to say.
      const possible = plannedContents(synced, Math.max(reached, killed.written) + 1);
      const found = possible.get(await contentOf(directory));
      expect({ batches, found }).toEqual({ batches, found: expect.any(Number) });
      reached = found!;
    }
    expect(reached).toBeGreaterThanOrEqual(684);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
