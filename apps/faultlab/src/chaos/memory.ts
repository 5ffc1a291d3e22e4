import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deed } from './actions.js';
import type { Action } from './schedule.js';
import type { Member, Stage } from './stage.js';

const ROOT = '/sys/fs/cgroup/memory';
const UNLIMITED = '-1';
const ROOM_BYTES = 512 * 1024;
const TRIES = 50;
/** For a process that the kernel has just ended to be seen as ended. */
const NOTICE_MS = 300;

/** Processes whose memory has a limit that can be moved while they run. */
export class MemoryGroup {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(name: string): Promise<MemoryGroup> {
    const folder = join(ROOT, name);
    await mkdir(folder, { recursive: true });
    // Where it cannot be read there are no limits here, only a folder.
    await readFile(join(folder, 'memory.limit_in_bytes'));
    return new MemoryGroup(folder);
  }

  /** A command that runs a process in it. */
  get prefix(): readonly string[] {
    return ['sh', '-c', `echo $$ > ${join(this.#folder, 'cgroup.procs')} && exec "$@"`, 'sh'];
  }

  /** Leaves hardly any room above what is used now. */
  async tighten(): Promise<void> {
    const file = join(this.#folder, 'memory.limit_in_bytes');
    for (let at = 1; at <= TRIES; at++) {
      const used = Number(await readFile(join(this.#folder, 'memory.usage_in_bytes'), 'utf8'));
      const isSet = await writeFile(file, String(used + at * ROOM_BYTES)).then(
        () => true,
        () => false,
      );
      if (isSet) return;
    }
    throw new RangeError('the limit of memory cannot be set');
  }

  async lift(): Promise<void> {
    await writeFile(join(this.#folder, 'memory.limit_in_bytes'), UNLIMITED);
  }

  async remove(): Promise<void> {
    await rmdir(this.#folder).catch(() => undefined);
  }
}

export const onMemory: Readonly<Record<string, Deed>> = {
  P7: { about: 'a node runs out of memory', needs: 'memory-limit', run: starve },
};

/** The kernel ends what needs more; a node that gets along with what it has goes on. */
async function starve(stage: Stage, { node }: Member, { forMs }: Action): Promise<void> {
  const group = stage.memoryOf(node.name)!;
  await group.tighten();
  await Promise.race([node.process.exited(), sleep(forMs)]);
  await group.lift();
  await sleep(NOTICE_MS);
  await stage.revive();
}
