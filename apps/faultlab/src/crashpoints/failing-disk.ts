import { override } from '@caisson/compliance';
import type { DiskFile } from '@caisson/contracts';
import type { DiskOperation, DiskTrouble, SimulatedDisk } from '@caisson/simulator';

/** What may go wrong with each operation; the rest of them only reads. */
const TROUBLES: Readonly<Partial<Record<DiskOperation, readonly DiskTrouble[]>>> = {
  write: [
    { kind: 'failing', operation: 'write', times: 1 },
    { kind: 'short', times: 1 },
    { kind: 'full', bytes: 0 },
  ],
  sync: [{ kind: 'failing', operation: 'sync', times: 1 }],
  syncDirectory: [{ kind: 'failing', operation: 'sync', times: 1 }],
  create: [{ kind: 'full', bytes: 0 }],
  rename: [{ kind: 'full', bytes: 0 }],
  makeDirectory: [{ kind: 'full', bytes: 0 }],
  remove: [{ kind: 'readOnly' }],
};

/** One operation that fails: which, counted from the first that changes anything, and how. */
export interface Failure {
  readonly number: number;
  readonly trouble: DiskTrouble;
}

/** Every way in which operations may fail, one at a time, in the order in which they came. */
export function failuresOf(operations: readonly DiskOperation[]): readonly Failure[] {
  return operations.flatMap((operation, number) => {
    return (TROUBLES[operation] ?? []).map((trouble) => ({ number, trouble }));
  });
}

/** A disk that counts what changes it, and fails once. `onOperation` comes before each. */
export function failingDisk(
  disk: SimulatedDisk,
  failure: Failure | undefined,
  onOperation: (operation: DiskOperation) => void,
): SimulatedDisk {
  let count = 0;
  const counted = async <T>(operation: DiskOperation, call: () => Promise<T>): Promise<T> => {
    onOperation(operation);
    if (count++ !== failure?.number) return call();
    disk.troubles.add(failure.trouble);
    try {
      return await call();
    } finally {
      disk.troubles.lift();
    }
  };
  const around = (file: DiskFile): DiskFile =>
    override(file, {
      write: (bytes, offset) => counted('write', () => file.write(bytes, offset)),
      sync: () => counted('sync', () => file.sync()),
    });
  return override<SimulatedDisk>(disk, {
    create: async (path) => around(await counted('create', () => disk.create(path))),
    open: async (path) => around(await disk.open(path)),
    rename: (from, to) => counted('rename', () => disk.rename(from, to)),
    remove: (path) => counted('remove', () => disk.remove(path)),
    makeDirectory: (path) => counted('makeDirectory', () => disk.makeDirectory(path)),
    syncDirectory: (path) => counted('syncDirectory', () => disk.syncDirectory(path)),
  });
}
