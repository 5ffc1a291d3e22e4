import type { Disk } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';

/** What the disk kit works on. */
export interface DiskHarness extends Harness {
  readonly disk: Disk;
  /** An empty directory that exists. */
  readonly root: string;
  /** Makes a named pipe, where the platform has them. */
  makeFifo?(path: string): Promise<void> | void;
}

export const FIFO: Need<DiskHarness> = {
  id: 'fifo',
  what: 'a harness that can make a named pipe',
  isMet: ({ makeFifo }) => makeFifo !== undefined,
};

export const ANY_BYTES = 1 << 20;

/** Creates a file and writes `bytes` into it. */
export async function writeFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.create(path);
  await file.write(bytes, 0);
  await file.sync();
  await file.close();
}
