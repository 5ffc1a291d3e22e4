import { invariant } from '@caisson/base';
import {
  CaissonError,
  type StoreCapabilities,
  type UntrustedStore,
  type UntrustedStores,
} from '@caisson/contracts';
import { MemoryContent, MemoryStore } from './memory-store.js';

export interface MemoryStoresConfig {
  /**
   * Whether to claim synced writes, which the writer registry asks for. The claim is as true as memory can
   * make it: a synced batch survives `crash`, nothing survives the process. Default true.
   */
  readonly syncedWrites?: boolean;
}

/**
 * Ordered stores in memory, one per directory name; nothing touches a disk.
 *
 * Content lives as long as this object: closing a store and opening its directory again finds it, which is
 * how tests restart a node. `crash` loses what was not synced.
 */
export class MemoryStores implements UntrustedStores {
  readonly capabilities: StoreCapabilities;
  readonly #contents = new Map<string, MemoryContent>();
  readonly #open = new Map<string, MemoryStore>();

  constructor(config: MemoryStoresConfig = {}) {
    this.capabilities = { durable: false, syncedWrites: config.syncedWrites ?? true, detectsDamage: false };
  }

  async open(directory: string, signal?: AbortSignal): Promise<UntrustedStore> {
    signal?.throwIfAborted();
    if (this.#open.has(directory)) throw new CaissonError('DIRECTORY_LOCKED', { path: directory });
    const content = this.#contents.get(directory) ?? new MemoryContent();
    const store = new MemoryStore(content, () => this.#open.delete(directory));
    this.#contents.set(directory, content);
    this.#open.set(directory, store);
    return store;
  }

  async exists(directory: string): Promise<boolean> {
    return this.#contents.has(directory);
  }

  async move(from: string, to: string): Promise<void> {
    const content = this.#contents.get(from);
    const isPossible = content !== undefined && !this.#open.has(from) && !this.#contents.has(to);
    invariant('STORE-4', isPossible, 'a closed store is moved to where there is none');
    this.#contents.delete(from);
    this.#contents.set(to, content);
  }

  async remove(directory: string): Promise<void> {
    invariant('STORE-4', !this.#open.has(directory), 'a closed store is removed');
    this.#contents.delete(directory);
  }

  /** Loss of power: open stores are dead, and every directory is back at its last synced batch. */
  crash(): void {
    for (const store of this.#open.values()) store.abandon();
    this.#open.clear();
    for (const content of this.#contents.values()) content.current = content.synced;
  }
}
