import { compareBytes } from '@caisson/base';
import type { KeyRange, Pair } from '@caisson/contracts';

/** Without a value the key goes. */
export type RowChange = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** Rows in the order of their keys. Nobody changes an array of them: a batch makes another one. */
export type SortedRows = readonly Pair[];

/** The rows after the changes, of which later ones win. */
export function changed(rows: SortedRows, changes: readonly RowChange[]): SortedRows {
  const inOrder = changes
    .map((change, at) => [change, at] as const)
    .sort(([[a], one], [[b], other]) => compareBytes(a, b) || one - other)
    .map(([change]) => change);
  const next: Pair[] = [];
  let copied = 0;
  for (const [at, [key, value]] of inOrder.entries()) {
    const following = inOrder[at + 1];
    if (following !== undefined && compareBytes(following[0], key) === 0) continue;
    const place = placeOf(rows, key, copied);
    for (; copied < place; copied++) next.push(rows[copied]!);
    if (isAt(rows, place, key)) copied++;
    if (value !== undefined) next.push({ key, value });
  }
  for (; copied < rows.length; copied++) next.push(rows[copied]!);
  return next;
}

export function valueAt(rows: SortedRows, key: Uint8Array): Uint8Array | undefined {
  const place = placeOf(rows, key);
  return isAt(rows, place, key) ? rows[place]!.value : undefined;
}

export function within(rows: SortedRows, { from, to }: KeyRange): SortedRows {
  return rows.slice(placeOf(rows, from), to === undefined ? rows.length : placeOf(rows, to));
}

/** Of the first row whose key is not below. */
function placeOf(rows: SortedRows, key: Uint8Array, from = 0): number {
  let [low, high] = [from, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes(rows[middle]!.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAt(rows: SortedRows, place: number, key: Uint8Array): boolean {
  return place < rows.length && compareBytes(rows[place]!.key, key) === 0;
}
