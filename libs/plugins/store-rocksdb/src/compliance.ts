import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UntrustedStore } from '@caisson/contracts';
import { RocksdbStores } from './rocksdb-stores.js';

/** What `caisson plugin verify` runs the store kit over: a `PluginCompliance` of the library of kits. */
export const compliance = {
  kits: [{ kit: 'store' as const, harness: () => RocksdbHarness.create() }],
} as const;

/**
 * Stores in a folder of their own. A crash is every open store closed and its files as they were before.
 */
class RocksdbHarness {
  readonly #folder: string;
  readonly #open = new Set<UntrustedStore>();
  readonly stores: RocksdbStores;

  private constructor(folder: string) {
    this.#folder = folder;
    this.stores = new RecordingStores(this.#open);
  }

  static async create(): Promise<RocksdbHarness> {
    return new RocksdbHarness(await mkdtemp(join(tmpdir(), 'caisson-store-kit-')));
  }

  directory(name: string): string {
    return join(this.#folder, name);
  }

  async crash(): Promise<void> {
    for (const store of this.#open) await store.close();
    this.#open.clear();
  }

  /** Flips one bit in the middle of the largest file of a closed store. */
  async damage(name: string): Promise<void> {
    const folder = join(this.directory(name), 'db');
    let largest: { path: string; bytes: number } | undefined;
    for (const file of await readdir(folder)) {
      if (!/\.(log|sst)$/.test(file)) continue;
      const handle = await open(join(folder, file), 'r');
      const { size } = await handle.stat();
      await handle.close();
      if (!largest || size > largest.bytes) largest = { path: join(folder, file), bytes: size };
    }
    if (!largest) return;
    const handle = await open(largest.path, 'r+');
    const byte = Buffer.alloc(1);
    const at = Math.floor(largest.bytes / 2);
    await handle.read(byte, 0, 1, at);
    byte[0]! ^= 1;
    await handle.write(byte, 0, 1, at);
    await handle.close();
  }

  async files(name: string): Promise<readonly Uint8Array[]> {
    const folder = join(this.directory(name), 'db');
    // A file that goes away meanwhile keeps nothing.
    const gone = () => new Uint8Array(0);
    return Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file)).catch(gone)));
  }

  async dispose(): Promise<void> {
    await this.crash();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

class RecordingStores extends RocksdbStores {
  constructor(private readonly opened: Set<UntrustedStore>) {
    super();
  }

  override async open(directory: string, signal?: AbortSignal): Promise<UntrustedStore> {
    const store = await super.open(directory, signal);
    this.opened.add(store);
    return store;
  }
}
