import { posix } from 'node:path';
import { MemoryDisk, MemoryLogs, override } from '@caisson/compliance';
import type { Disk, RaftLogs, UntrustedStores } from '@caisson/contracts';
import { MemoryStores } from '@caisson/store-memory';

const LOG = '/data/groups/1/log';
const STORE = '/data/groups/1/store';
const ROOT = '/data';
const EVERYTHING = { pairs: 1_000_000, bytes: 1e9 } as const;

/** What outlives a process. An image of it is another one, and whoever holds it may start a process on it. */
export class Media {
  readonly disk: Disk = override(new MemoryDisk(), { join: (...parts) => posix.join(...parts) });
  readonly logs = new MemoryLogs();
  readonly #memory = new MemoryStores();
  /** Memory keeps what was synced over the end of a process, which is all a process can tell. */
  readonly stores: UntrustedStores = override(this.#memory, {
    capabilities: { durable: true, syncedWrites: true, detectsDamage: false },
  });

  /** What a loss of power takes: everything that was not synced. */
  crash(): void {
    this.logs.crash();
    this.#memory.crash();
  }

  /** No process may be running on it. */
  async image(): Promise<Media> {
    return Media.of({ files: this, store: this, log: this });
  }

  /** Another one, put together from parts of different moments. */
  static async of({ files, store, log }: Record<'files' | 'store' | 'log', Media>): Promise<Media> {
    const mixed = new Media();
    await files.copyFiles(mixed);
    await copyStore(store.stores, mixed.stores);
    await copyLog(log.logs, mixed.logs);
    return mixed;
  }

  /** The files alone, the sidecar among them, over those of the other. */
  async copyFiles(to: Media): Promise<void> {
    await to.disk.remove(ROOT);
    await copyTree(this.disk, to.disk, ROOT);
  }
}

async function copyTree(from: Disk, to: Disk, path: string): Promise<void> {
  const status = await from.status(path);
  if (status === undefined) return;
  if (status.kind === 'directory') {
    await to.makeDirectory(path);
    for (const name of (await from.list(path)) ?? []) await copyTree(from, to, from.join(path, name));
    return;
  }
  const file = await to.create(path);
  await file.write((await from.read(path, 1e9))!, 0);
  await file.close();
}

async function copyStore(from: UntrustedStores, to: UntrustedStores): Promise<void> {
  if (!(await from.exists(STORE))) return;
  const [source, target] = [await from.open(STORE), await to.open(STORE)];
  const view = source.view();
  const batch = target.batch();
  const pairs = await view.scan({ from: new Uint8Array(0) }).next(EVERYTHING);
  for (const { key, value } of pairs) batch.put(key, value);
  await batch.write({ sync: true });
  await view.close();
  await source.close();
  await target.close();
}

async function copyLog(from: RaftLogs, to: RaftLogs): Promise<void> {
  const [source, target] = [await from.open(LOG), await to.open(LOG)];
  const { start, last, hardState } = source;
  if (start.index > 0) await target.reset(start, hardState);
  const entries = last > start.index ? await source.read(start.index + 1, last, 1e9) : [];
  await target.append({ entries, hardState });
  await source.close();
  await target.close();
}
