import type { StoreBatch } from '@caisson/contracts';
import { decodeUsageRow, encodeUsageRow, usageRowKey, usageRowPrefix, type UsageRow } from '@caisson/formats';
import type { WriterRegistryStore } from '../writers/writer-registry.js';

/** The replicated rows of what nodes have claimed, beside those of the writer registry. */
export class UsageRows {
  readonly #store: WriterRegistryStore;

  constructor(store: WriterRegistryStore) {
    this.#store = store;
  }

  async of(dekId: number): Promise<readonly UsageRow[]> {
    return (await this.#store.list(usageRowPrefix(dekId))).map(decodeUsageRow);
  }

  put(dekId: number, row: UsageRow, batch: StoreBatch): void {
    this.#store.set(usageRowKey(dekId, row.fullNodeId), encodeUsageRow(row), batch);
  }

  remove(dekId: number, fullNodeId: bigint, batch: StoreBatch): void {
    this.#store.remove(usageRowKey(dekId, fullNodeId), batch);
  }
}
