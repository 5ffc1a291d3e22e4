import type { DiskHarness, LogHarness, StoreHarness } from '@caisson/compliance';
import { SeededRandom } from '@caisson/compliance';
import { DiskLogs } from '../log/disk-logs.js';
import { DiskStores } from '../store/disk-stores.js';
import type { CrashProfile } from './crash-images.js';
import { SimulatedDisk } from './simulated-disk.js';

/** What the kits for disks, stores and logs run over. */
export async function simulatedDiskHarness(): Promise<DiskHarness> {
  const disk = new SimulatedDisk();
  await disk.makeDirectory('/root');
  return { disk, root: '/root', makeFifo: (path) => disk.makeFifo(path) };
}

export function diskStoreHarness(profile: CrashProfile): StoreHarness {
  const { crash, damage, directory, disk, files } = machine(profile);
  let stores = new DiskStores(disk);
  const harness = {
    get stores() {
      return stores;
    },
    directory,
    damage,
    files,
    crash: async () => {
      crash();
      stores = new DiskStores(disk);
    },
  };
  return harness;
}

export function diskLogHarness(profile: CrashProfile): LogHarness {
  const { crash, damage, directory, disk, files } = machine(profile);
  let logs = new DiskLogs(disk);
  const harness = {
    get logs() {
      return logs;
    },
    directory,
    damage,
    files,
    crash: async () => {
      crash();
      logs = new DiskLogs(disk);
    },
  };
  return harness;
}

function machine(profile: CrashProfile) {
  const disk = new SimulatedDisk({ profile });
  const random = new SeededRandom(1);
  const directory = (name: string) => `/data/${name}`;
  return {
    disk,
    directory,
    files: async (name: string) => {
      const files = [...disk.image].filter(([path]) => path.startsWith(`${directory(name)}/`));
      return files.flatMap(([, bytes]) => bytes ?? []);
    },
    crash: () => disk.losePower(random),
    /** Somewhere in the middle of every record file. */
    damage: async () => void disk.troubles.add({ kind: 'rot', permille: 400 }),
  };
}
