import { MemoryLogs, override } from '@caisson/compliance';
import type { Disk, RaftLogs, UntrustedStore, UntrustedStores } from '@caisson/contracts';
import { MemoryStores } from '@caisson/store-memory';
import { ForgetfulDisk } from './forgetful-disk.js';
import type { Media } from './snapshot-node.js';

/** The process is gone: whatever it was about to do is not done. */
export const DEATH = new Error('the process died');

/**
 * Disk, stores and logs that change in steps, and a process that dies before one of them. `restart` brings
 * back what a loss of power leaves.
 */
export class MortalMedia implements Media {
  readonly path = '/data';
  readonly #disk = new ForgetfulDisk(['/data', '/data/groups', '/data/groups/1']);
  readonly #stores = new MemoryStores();
  readonly #logs = new MemoryLogs();
  #left = Number.POSITIVE_INFINITY;
  /** Steps since the last `dieAfter`. */
  steps = 0;

  get disk(): Disk {
    const disk = this.#disk;
    return override<Disk>(disk, {
      create: async (path) => {
        this.#step();
        const file = await disk.create(path);
        return {
          write: async (bytes, offset) => (this.#step(), file.write(bytes, offset)),
          sync: async () => (this.#step(), file.sync()),
          close: () => file.close(),
        };
      },
      makeDirectory: async (path) => (this.#step(), disk.makeDirectory(path)),
      rename: async (one, other) => (this.#step(), disk.rename(one, other)),
      remove: async (path) => (this.#step(), disk.remove(path)),
      syncDirectory: async (path) => (this.#step(), disk.syncDirectory(path)),
    });
  }

  get stores(): UntrustedStores {
    const stores = this.#stores;
    return override<UntrustedStores>(stores, {
      open: async (directory) => {
        this.#step();
        return this.#mortal(await stores.open(directory));
      },
      move: async (one, other) => (this.#step(), stores.move(one, other)),
      remove: async (directory) => (this.#step(), stores.remove(directory)),
    });
  }

  get logs(): RaftLogs {
    return {
      open: async (directory) => {
        const log = await this.#logs.open(directory);
        return override(log, {
          append: async (entries) => (this.#step(), log.append(entries)),
          reset: async (start, hardState) => (this.#step(), log.reset(start, hardState)),
        });
      },
    };
  }

  /** So many steps are still done. */
  dieAfter(steps: number): void {
    this.#left = steps;
    this.steps = 0;
  }

  restart(): void {
    this.#disk.crash();
    this.#stores.crash();
    this.#logs.crash();
    this.dieAfter(Number.POSITIVE_INFINITY);
  }

  get files(): ReadonlyMap<string, string> {
    return this.#disk.files;
  }

  exists(store: string): Promise<boolean> {
    return this.#stores.exists(store);
  }

  #mortal(store: UntrustedStore): UntrustedStore {
    return override(store, {
      batch: () => {
        const batch = store.batch();
        return override(batch, { write: async (options) => (this.#step(), batch.write(options)) });
      },
      close: async () => (this.#step(), store.close()),
    });
  }

  #step(): void {
    if (this.#left <= 0) throw DEATH;
    this.#left--;
    this.steps++;
  }
}
