import { toHex, toUtf8 } from '@caisson/base';
import type { Cursor, KeyRange, OrderedStore, Pair, ReadView, ScanLimits } from '@caisson/contracts';

export const START = new Uint8Array(0);

/** Pairs as `key=value` texts, which is how the kit compares and shows them. */
export type Rows = readonly string[];

/** Writes `key=value` rows in one batch. */
export async function writeRows(store: OrderedStore, rows: Rows, sync = false): Promise<void> {
  const batch = store.batch();
  for (const row of rows) {
    const [key = '', value = ''] = row.split('=');
    batch.put(toUtf8(key), toUtf8(value));
  }
  await batch.write({ sync });
}

export function numberedRows(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `k${String(at).padStart(5, '0')}=v${at}`);
}

export async function rowsOf(store: OrderedStore, range: KeyRange = { from: START }): Promise<Rows> {
  const view = store.view();
  try {
    return await rowsOfView(view, range);
  } finally {
    await view.close();
  }
}

export async function rowsOfView(
  view: ReadView,
  range: KeyRange = { from: START },
  limits?: ScanLimits,
): Promise<Rows> {
  return (await drain(view.scan(range), limits)).map(rowOf);
}

/** All that is left of a cursor. */
export async function drain(cursor: Cursor, limits?: ScanLimits): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (;;) {
    const more = await cursor.next(limits);
    if (more.length === 0) return pairs;
    pairs.push(...more);
  }
}

/** Printable pairs as text, others as hex. */
export function rowOf({ key, value }: Pair): string {
  return `${show(key)}=${show(value)}`;
}

function show(bytes: Uint8Array): string {
  const isPrintable = bytes.every((byte) => byte > 0x20 && byte < 0x7f);
  return isPrintable ? String.fromCharCode(...bytes) : `0x${toHex(bytes)}`;
}
