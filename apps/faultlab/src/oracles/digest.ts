import { toHex } from '@caisson/base';
import type { ReadableStore } from '@caisson/contracts';
import type { Machine } from '../cluster/machine.js';

export interface Replica {
  readonly name: string;
  readonly applied: number;
  readonly rows: ReadonlyMap<string, string>;
}

/** Everything a node holds, opened. */
export async function readReplica({ name, group }: Machine): Promise<Replica> {
  const { applied } = group.status();
  return { name, applied, rows: await rowsOf(group.store) };
}

async function rowsOf(store: ReadableStore): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>();
  const view = store.view();
  const cursor = view.scan({ from: new Uint8Array(0) });
  for (let page = await cursor.next(); page.length > 0; page = await cursor.next()) {
    for (const { key, value } of page) rows.set(toHex(key), toHex(value));
  }
  await view.close();
  return rows;
}

/** Where two replicas differ, if they do. */
export function differences(a: Replica, b: Replica): readonly string[] {
  const keys = new Set([...a.rows.keys(), ...b.rows.keys()]);
  return [...keys]
    .filter((key) => a.rows.get(key) !== b.rows.get(key))
    .map((key) => `${key}: ${a.name} ${a.rows.get(key)}, ${b.name} ${b.rows.get(key)}`);
}
