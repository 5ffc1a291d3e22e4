import { toUtf8 } from '@caisson/base';
import type { Case } from '../case.js';
import { checkEqual, checkFails } from '../check.js';
import { ANY_BYTES, type DiskHarness, FIFO, writeFile } from './disk-harness.js';

/** Files: made once, for their owner alone, and read within limits. */
export const fileCases: readonly Case<DiskHarness>[] = [
  {
    id: 'disk/reads-what-was-written',
    because: 'the sidecar that is read at the start is the one that was written last',
    async run({ disk, root }) {
      const path = disk.join(root, 'file');
      checkEqual(await disk.read(path, ANY_BYTES), undefined, 'a file that does not exist');
      await writeFile(disk, path, toUtf8('content'));
      checkEqual(await disk.read(path, ANY_BYTES), toUtf8('content'), 'the file');
      await writeFile(disk, disk.join(root, 'empty'), new Uint8Array(0));
      checkEqual(await disk.read(disk.join(root, 'empty'), ANY_BYTES), new Uint8Array(0), 'an empty file');
    },
  },
  {
    id: 'disk/writes-where-it-is-told',
    because: 'a head record is rewritten in place, beside others that stay',
    async run({ disk, root }) {
      const path = disk.join(root, 'file');
      const file = await disk.create(path);
      await file.write(toUtf8('abcdef'), 0);
      await file.write(toUtf8('XY'), 2);
      await file.write(toUtf8('!'), 6);
      await file.close();
      checkEqual(await disk.read(path, ANY_BYTES), toUtf8('abXYef!'), 'the file');
    },
  },
  {
    id: 'disk/creates-no-file-twice',
    because: 'a leftover of a crash, or of an attacker, must not be written into',
    async run({ disk, root }) {
      const path = disk.join(root, 'file');
      await writeFile(disk, path, toUtf8('first'));
      await checkFails(() => disk.create(path), 'DISK_ERROR', 'creating an existing file');
      checkEqual(await disk.read(path, ANY_BYTES), toUtf8('first'), 'the existing file');
    },
  },
  {
    id: 'disk/creates-files-for-their-owner',
    because: 'wrapped keys are not for other users of the machine',
    async run({ disk, root }) {
      const path = disk.join(root, 'file');
      await writeFile(disk, path, toUtf8('1234'));
      const status = await disk.status(path);
      checkEqual(
        status && { ...status },
        { kind: 'file', bytes: 4, mode: 0o600 },
        'the status of a new file',
      );
    },
  },
  {
    id: 'disk/reads-no-more-than-allowed',
    because: 'a file of a terabyte where a key should be must not fill the memory',
    async run({ disk, root }) {
      const path = disk.join(root, 'file');
      await writeFile(disk, path, new Uint8Array(100));
      checkEqual((await disk.read(path, 100))?.length, 100, 'bytes of a file at the limit');
      await checkFails(() => disk.read(path, 99), 'DISK_ERROR', 'reading a file above the limit');
    },
  },
  {
    id: 'disk/reads-regular-files-only',
    because: 'a directory where a file should be is a mistake to report, not an empty file',
    async run({ disk, root }) {
      const path = disk.join(root, 'directory');
      await disk.makeDirectory(path);
      await checkFails(() => disk.read(path, ANY_BYTES), 'DISK_ERROR', 'reading a directory');
    },
  },
  {
    id: 'disk/does-not-wait-for-a-pipe',
    because: 'a start that hangs on a pipe nobody writes to looks like a start that takes long',
    needs: FIFO,
    async run({ disk, root, makeFifo }) {
      const path = disk.join(root, 'pipe');
      await makeFifo!(path);
      await checkFails(() => disk.read(path, ANY_BYTES), 'DISK_ERROR', 'reading a pipe');
      checkEqual((await disk.status(path))?.kind, 'other', 'what a pipe is');
    },
  },
  {
    id: 'disk/replaces-by-renaming',
    because: 'readers see the old file or the new one, and never a part',
    async run({ disk, root }) {
      const [path, next] = [disk.join(root, 'file'), disk.join(root, 'file.tmp')];
      await writeFile(disk, path, toUtf8('old'));
      await writeFile(disk, next, toUtf8('new'));
      await disk.rename(next, path);
      checkEqual(await disk.read(path, ANY_BYTES), toUtf8('new'), 'the replaced file');
      checkEqual(await disk.status(next), undefined, 'the file under its old name');
      await checkFails(() => disk.rename(next, path), 'DISK_ERROR', 'renaming a file that does not exist');
      checkEqual(await disk.read(path, ANY_BYTES), toUtf8('new'), 'the file after a rename that failed');
    },
  },
];
