import type { Store, StoreBatch, Timestamp } from '@caisson/contracts';
import {
  decodeRequestResult,
  encodeRequestResult,
  type RequestResult,
  requestResultKey,
} from '@caisson/formats';
import { mapKey } from './overlay.js';

const REMEMBERED_MAX = 4096;

/**
 * Answers to writes with a request id, so that a repeated write has one effect.
 *
 * The rows are the truth; what is remembered here only saves reading them. A row whose commit lies below the
 * retention floor counts as absent even while it exists, because each replica removes it in its own time.
 */
export class RequestResults {
  readonly #store: Store;
  /** Of the running batch: the store does not show them yet. */
  readonly #pending = new Map<string, RequestResult>();
  readonly #remembered = new Map<string, RequestResult>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Reads what is not remembered, all at once: reads of one payload need not wait for each other. */
  async load(requestIds: readonly Uint8Array[]): Promise<LoadedResults> {
    const loaded = new Map<string, RequestResult>();
    await Promise.all(
      requestIds.map(async (id) => {
        const key = mapKey(id);
        if (this.#pending.has(key) || this.#remembered.has(key)) return;
        const row = await this.#store.get(requestResultKey(id));
        if (row !== undefined) loaded.set(key, decodeRequestResult(row));
      }),
    );
    return {
      find: (id, floor) => {
        const key = mapKey(id);
        const found = this.#pending.get(key) ?? this.#remembered.get(key) ?? loaded.get(key);
        return found !== undefined && found.commitTs >= floor ? found : undefined;
      },
    };
  }

  add(requestId: Uint8Array, result: RequestResult, batch: StoreBatch): void {
    batch.put(requestResultKey(requestId), encodeRequestResult(result));
    this.#pending.set(mapKey(requestId), result);
  }

  written(): void {
    for (const [key, result] of this.#pending) this.#remembered.set(key, result);
    this.#pending.clear();
    for (const key of this.#remembered.keys()) {
      if (this.#remembered.size <= REMEMBERED_MAX) break;
      this.#remembered.delete(key);
    }
  }
}

/** Answers for the requests they were loaded for, additions since then included. */
export interface LoadedResults {
  find(requestId: Uint8Array, floor: Timestamp): RequestResult | undefined;
}
