import { toUtf8 } from '@caisson/base';
import type { Case } from '../case.js';
import { checkEqual, checkFails } from '../check.js';
import { ANY_BYTES, type DiskHarness, writeFile } from './disk-harness.js';

/** Directories: listed, made, removed, and held by one. */
export const directoryCases: readonly Case<DiskHarness>[] = [
  {
    id: 'disk/lists-names-in-order',
    because: 'a start that depends on the order of a directory differs from run to run',
    async run({ disk, root }) {
      checkEqual(await disk.list(disk.join(root, 'absent')), undefined, 'a directory that does not exist');
      checkEqual(await disk.list(root), [], 'an empty directory');
      for (const name of ['b', 'c', 'B', 'a']) await writeFile(disk, disk.join(root, name), toUtf8(name));
      await disk.makeDirectory(disk.join(root, 'bb'));
      checkEqual(await disk.list(root), ['B', 'a', 'b', 'bb', 'c'], 'names in the directory');
    },
  },
  {
    id: 'disk/makes-directories-for-their-owner',
    because: 'names of files tell about keys and groups',
    async run({ disk, root }) {
      await disk.makeDirectory(disk.join(root, 'a', 'b'));
      for (const path of [disk.join(root, 'a'), disk.join(root, 'a', 'b')]) {
        const status = await disk.status(path);
        checkEqual([status?.kind, status?.mode], ['directory', 0o700], 'kind and mode of a new directory');
      }
    },
  },
  {
    id: 'disk/leaves-existing-directories-alone',
    because: 'every start makes the directories it needs, over those it has',
    async run({ disk, root }) {
      const file = disk.join(root, 'a', 'file');
      await disk.makeDirectory(disk.join(root, 'a'));
      await writeFile(disk, file, toUtf8('kept'));
      await disk.makeDirectory(disk.join(root, 'a'));
      await disk.makeDirectory(disk.join(root, 'a', 'b'));
      checkEqual(
        await disk.read(file, ANY_BYTES),
        toUtf8('kept'),
        'a file in a directory that was made again',
      );
    },
  },
  {
    id: 'disk/tells-what-a-path-is',
    because: 'an empty directory is no node, and a missing one is no failure',
    async run({ disk, root }) {
      await writeFile(disk, disk.join(root, 'file'), toUtf8('abc'));
      checkEqual(await disk.status(disk.join(root, 'absent')), undefined, 'the status of nothing');
      checkEqual((await disk.status(root))?.kind, 'directory', 'what a directory is');
      const status = await disk.status(disk.join(root, 'file'));
      checkEqual([status?.kind, status?.bytes], ['file', 3], 'what a file is');
    },
  },
  {
    id: 'disk/removes-all-that-a-path-holds',
    because: 'a snapshot that is given up leaves nothing behind',
    async run({ disk, root }) {
      const tree = disk.join(root, 'tree');
      await disk.makeDirectory(disk.join(tree, 'deep', 'deeper'));
      await writeFile(disk, disk.join(tree, 'deep', 'file'), toUtf8('x'));
      await writeFile(disk, disk.join(root, 'file'), toUtf8('x'));
      await disk.remove(tree);
      await disk.remove(disk.join(root, 'file'));
      await disk.remove(disk.join(root, 'file'));
      checkEqual(await disk.list(root), [], 'what is left');
    },
  },
  {
    id: 'disk/syncs-directories-that-exist',
    because: 'a rename counts once its directory is synced, and a sync of nothing is no promise',
    async run({ disk, root }) {
      await disk.syncDirectory(root);
      await checkFails(() => disk.syncDirectory(disk.join(root, 'absent')), 'DISK_ERROR', 'syncing nothing');
    },
  },
  {
    id: 'disk/lets-one-hold-a-directory',
    because: 'two processes on one data directory destroy it',
    async run({ disk, root }) {
      const [one, other] = [disk.join(root, 'one'), disk.join(root, 'other')];
      await disk.makeDirectory(one);
      await disk.makeDirectory(other);
      const hold = await disk.hold(one);
      await checkFails(() => disk.hold(one), 'DIRECTORY_LOCKED', 'a second hold');
      await (await disk.hold(other)).release();
      await hold.release();
      await (await disk.hold(one)).release();
    },
  },
];
