import type { UntrustedStore } from '@caisson/contracts';
import { KEYS, plannedBatch, stores } from './planned.js';

/**
 * What a store holds after the batches 1..`count`, as `contentOf` renders it, for each count from `from`
 * on.
 */
export function plannedContents(from: number, count: number): ReadonlyMap<string, number> {
  const rows = new Map<string, string>();
  const contents = new Map<string, number>();
  for (let number = 0; number <= count; number++) {
    const { operations } = number === 0 ? { operations: [] } : plannedBatch(number);
    for (const [key, value] of operations) {
      if (value) rows.set(key.toString('hex'), value.toString('hex'));
      else rows.delete(key.toString('hex'));
    }
    if (number >= from) contents.set(rendered([...rows].sort()), number);
  }
  return contents;
}

/** Everything in a store, read forward, backward and key by key, which must agree. */
export async function contentOf(directory: string): Promise<string> {
  const store = await stores.open(directory);
  try {
    const forward = rendered(await scanned(store, 'forward'));
    const reverse = rendered((await scanned(store, 'reverse')).reverse());
    const gotten = rendered(await readKeyByKey(store));
    if (forward !== reverse || forward !== gotten) return 'reads that disagree';
    return forward;
  } finally {
    await store.close();
  }
}

async function scanned(store: UntrustedStore, direction: 'forward' | 'reverse'): Promise<[string, string][]> {
  const view = store.view(direction);
  const cursor = view.scan({ from: new Uint8Array() });
  const rows: [string, string][] = [];
  for (;;) {
    const pairs = await cursor.next();
    if (pairs.length === 0) break;
    for (const { key, value } of pairs) rows.push([hex(key), hex(value)]);
  }
  await view.close();
  return rows;
}

async function readKeyByKey(store: UntrustedStore): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  const view = store.view();
  const reads = Array.from({ length: KEYS }, async (_, number) => {
    const key = Buffer.from(`\u0002row ${number}`, 'latin1');
    const value = await (number % 2 === 0 ? store.get(key) : view.get(key));
    if (value) rows.push([hex(key), hex(value)]);
  });
  await Promise.all(reads);
  await view.close();
  return rows.sort();
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const rendered = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([key, value]) => `${key}=${value}`).join('\n');
