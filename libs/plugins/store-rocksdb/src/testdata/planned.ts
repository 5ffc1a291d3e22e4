import type { UntrustedStore } from '@caisson/contracts';
import { RocksdbStores } from '../rocksdb-stores.js';

/** Small, so that a few hundred batches make several table files. */
export const stores = new RocksdbStores({ writeBufferBytes: 64 * 1024, cacheBytes: 1024 * 1024 });

export const KEYS = 1500;

/** Numbers that look random and are the same every time. */
class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 0x1_0000_0000) * limit);
  }
}

export interface PlannedBatch {
  readonly operations: readonly (readonly [key: Buffer, value: Buffer | undefined])[];
  readonly sync: boolean;
}

/** The batch of one number, counted from 1: what it holds follows from the number alone. */
export function plannedBatch(number: number): PlannedBatch {
  const numbers = new Numbers(number);
  const operations = Array.from({ length: 1 + numbers.below(16) }, () => {
    const key = Buffer.from(`\u0002row ${numbers.below(KEYS)}`, 'latin1');
    const isDeleted = numbers.below(6) === 0;
    return [key, isDeleted ? undefined : Buffer.alloc(20 + numbers.below(60), numbers.below(256))] as const;
  });
  return { operations, sync: number % 7 === 0 };
}

/** Writes the batch of one number; whether with sync. */
export async function writePlanned(store: UntrustedStore, number: number): Promise<boolean> {
  const { operations, sync } = plannedBatch(number);
  const batch = store.batch();
  for (const [key, value] of operations) {
    if (value) batch.put(key, value);
    else batch.delete(key);
  }
  await batch.write({ sync });
  return sync;
}
