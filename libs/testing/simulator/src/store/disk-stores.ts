import { invariant } from '@caisson/base';
import type { UntrustedStore, UntrustedStores } from '@caisson/contracts';
import { type RecordDisk, RecordFile } from '../records/record-file.js';
import { DiskStore } from './disk-store.js';

/**
 * Ordered stores of one process on a simulated disk: every batch is a record, and what is read is what all
 * records came to.
 */
export class DiskStores implements UntrustedStores {
  readonly capabilities = { durable: true, syncedWrites: true, detectsDamage: true };
  readonly #disk: RecordDisk;
  readonly #open = new Set<string>();

  constructor(disk: RecordDisk) {
    this.#disk = disk;
  }

  async open(directory: string, signal?: AbortSignal): Promise<UntrustedStore> {
    signal?.throwIfAborted();
    const hold = await this.#disk.hold(directory);
    this.#open.add(directory);
    const onClosed = async () => {
      this.#open.delete(directory);
      await hold.release();
    };
    try {
      return await DiskStore.open({ disk: this.#disk, directory }, onClosed);
    } catch (error) {
      await onClosed();
      throw error;
    }
  }

  exists(directory: string): Promise<boolean> {
    return RecordFile.exists({ disk: this.#disk, directory });
  }

  async move(from: string, to: string): Promise<void> {
    const isPossible = (await this.exists(from)) && !this.#open.has(from) && !(await this.exists(to));
    invariant('STORE-4', isPossible, 'a closed store is moved to where there is none');
    await this.#disk.remove(to);
    await this.#disk.rename(from, to);
    await this.#disk.syncDirectory(this.#disk.join(to, '..'));
  }

  async remove(directory: string): Promise<void> {
    invariant('STORE-4', !this.#open.has(directory), 'a store is removed while it is open');
    await RecordFile.remove({ disk: this.#disk, directory });
  }
}
