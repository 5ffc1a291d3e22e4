/** There is no kit for directories: what every provider owes its consumers is shown over a real disk. */
import { DataDirectory, Disk } from '@caisson/contracts';
import { NodeDisk, NodeRandom } from '@caisson/platform-node';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataDirectory, initialiseDirectory } from './index.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'caisson-directory-'))));
afterEach(() => rm(folder, { recursive: true }));

test('the plugin provides a directory that is held from its start to its stop, and says who the node is', async () => {
  const path = join(folder, 'data');
  const disk = new NodeDisk();
  await initialiseDirectory({ disk, random: new NodeRandom(), path, name: 'n1', birth: 'clear' });
  const [held] = dataDirectory.services({ path });
  expect([held!.provides, held!.needs]).toEqual([DataDirectory, expect.objectContaining({ disk: Disk })]);
  const [first, second] = [1, 2].map(() => held!.create({ disk }, {} as never) as DataDirectory);
  await held!.start?.(first, new AbortController().signal);
  expect(first!.identity).toMatchObject({ name: 'n1', birth: 'clear' });
  expect(new Set(Object.values(first!.group(1))).size).toBe(3);
  await expect(held!.start?.(second, new AbortController().signal)).rejects.toMatchObject({
    code: 'DIRECTORY_LOCKED',
  });
  await held!.stop?.(first);
  await held!.start?.(second, new AbortController().signal);
  await held!.stop?.(second);
});
