import type { SeededRandom } from '@caisson/compliance';
import type { Clock, Disk, RaftLogs, UntrustedStores } from '@caisson/contracts';
import {
  type CrashProfile,
  type DiskImage,
  type DiskPart,
  DiskLogs,
  DiskStores,
  EMPTY_IMAGE,
  type Life,
  mortal,
  SimulatedDisk,
  withPart,
} from '@caisson/simulator';

export interface MachineDiskParts {
  readonly profile: CrashProfile;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** What a process sees of its machine's disk. */
export interface Mount {
  readonly disk: Disk;
  readonly logs: RaftLogs;
  readonly stores: UntrustedStores;
}

/** How a process ends: killed, and the machine keeps what it was told; or the machine goes with it. */
export type EndOf = 'process' | 'machine' | 'worst';

/** The disk of a machine: files, logs and stores of its processes, one after the other. */
export class MachineDisk {
  readonly platter: SimulatedDisk;
  /** Of whatever process comes to its end next. */
  nextEnd: EndOf = 'machine';
  readonly #random: SeededRandom;
  #kept: DiskImage | undefined;

  constructor({ clock, profile, random }: MachineDiskParts) {
    this.#random = random;
    this.platter = new SimulatedDisk({ profile, pause: (ms) => clock.sleep(ms) });
  }

  /** For one process: once its life is over nothing reaches the disk. `seen` looks at what does. */
  mount(life: Life, seen: (disk: SimulatedDisk) => SimulatedDisk): Mount {
    const disk = mortal(seen(this.platter), life);
    return { disk, logs: mortal(new DiskLogs(disk), life), stores: mortal(new DiskStores(disk), life) };
  }

  /** What an operator puts there, where it is not. */
  provide(files: ReadonlyMap<string, Uint8Array>): void {
    const { image } = this.platter;
    const missing = [...files].filter(([path]) => !image.has(path));
    if (missing.length === 0) return;
    const parents = missing.flatMap(([path]) => parentsOf(path)).filter((path) => !image.has(path));
    this.platter.restore(
      new Map([...image, ...parents.map((path) => [path, undefined] as const), ...missing]),
    );
  }

  /** Before the first start: the directory that an operator makes. */
  async prepare(): Promise<void> {
    await this.platter.makeDirectory('/data');
    await this.platter.syncDirectory('/');
  }

  get hasImage(): boolean {
    return this.#kept !== undefined;
  }

  /** As it is now, for later. */
  keep(): void {
    this.#kept = this.platter.image;
  }

  /** As it was when it was kept, or a part of it. Nobody may be using it. */
  putBack(part: DiskPart): void {
    if (this.#kept !== undefined) this.platter.restore(withPart(this.platter.image, this.#kept, part));
  }

  wipe(): void {
    this.platter.restore(EMPTY_IMAGE);
  }

  /** The process ended. */
  end(): void {
    const end = this.nextEnd;
    this.nextEnd = 'machine';
    if (end === 'process') this.platter.endProcess();
    else if (end === 'worst') this.platter.loseEverythingUnsynced();
    else this.platter.losePower(this.#random);
  }
}

function parentsOf(path: string): readonly string[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, at) => `/${names.slice(0, at + 1).join('/')}`);
}
