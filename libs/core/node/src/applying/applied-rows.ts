import type { ReadableStore, StoreBatch } from '@caisson/contracts';
import { decodeIndexRow, encodeIndexRow, SYSTEM_KEYS } from '@caisson/formats';

/** What the loop itself keeps in the store of a group. */
export interface AppliedRows {
  /** Index of the last applied entry; 0 in a new store. */
  readonly applied: number;
  /** How many entries were refused. Part of the replicated state: replicas that disagree about it differ. */
  readonly refused: number;
}

export async function readAppliedRows(store: ReadableStore): Promise<AppliedRows> {
  const applied = await store.get(SYSTEM_KEYS.appliedIndex);
  const refused = await store.get(SYSTEM_KEYS.refusedCount);
  return {
    applied: applied === undefined ? 0 : decodeIndexRow(applied),
    refused: refused === undefined ? 0 : decodeIndexRow(refused),
  };
}

export function putAppliedIndex(batch: StoreBatch, index: number): void {
  batch.put(SYSTEM_KEYS.appliedIndex, encodeIndexRow(index));
}

export function putRefusedCount(batch: StoreBatch, count: number): void {
  batch.put(SYSTEM_KEYS.refusedCount, encodeIndexRow(count));
}
