import { SeededRandom } from '@caisson/compliance';
import type { NodeIdentity } from '@caisson/contracts';
import { backUp, restoreInto } from '../cluster/second-cluster.js';
import type { Target } from './explorer.js';
import { directoryOf, emptyDisk, kekOf, LoneNode } from './lone-node.js';
import { brokenPromise, Client, type Promised } from './promises.js';
import type { TargetOptions } from './targets.js';

interface BackupPromises {
  readonly told: Promised;
  /** Whether the order had ended. */
  readonly isDone: boolean;
}

const ELSEWHERE: NodeIdentity = {
  name: 'restored',
  clusterId: new Uint8Array(16).fill(8),
  format: 1,
  birth: 'encrypted',
};

/** A backup is made of a node that serves, on a disk that loses power with it. */
export function backupTarget({ around }: TargetOptions): Target<BackupPromises> {
  let held: Promised = {};
  return {
    about: 'a backup is made, and what is left of it becomes a second cluster or nothing',
    nothing: { told: {}, isDone: false },
    async prepare() {
      const disk = await emptyDisk();
      const node = new LoneNode({ disk, seed: 1 });
      await node.start();
      const client = new Client(node, (promised) => (held = promised));
      for (const key of ['a', 'b', 'c']) await client.put(key);
      await node.stop();
      disk.loseEverythingUnsynced();
      return disk.image;
    },
    async run(disk, promise): Promise<void> {
      promise({ told: held, isDone: false });
      const node = new LoneNode({ disk, seed: 2 });
      await node.start();
      const { clock, directory, host } = node;
      const vault = around === undefined ? disk : around(disk);
      await node.settled(backUp({ clock, directory, disk, host }, vault));
      promise({ told: held, isDone: true });
      node.life.end();
    },
    async recover(disk, { isDone, told }): Promise<string | undefined> {
      if ((await disk.status('/backup/manifest')) === undefined) {
        return isDone ? 'a backup that was made is none' : undefined;
      }
      const directory = directoryOf(ELSEWHERE, '/restored');
      await disk.remove('/restored');
      const random = new SeededRandom(4);
      await restoreInto({ directory, disk }, disk, { keks: [kekOf(random)], random, nowMs: 1 });
      const node = new LoneNode({ disk, directory, seed: 5 });
      try {
        await node.start();
        return await brokenPromise(node, told);
      } finally {
        node.life.end();
      }
    },
  };
}
