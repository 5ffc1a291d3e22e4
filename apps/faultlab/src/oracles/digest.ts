import { fromHex, startsWith, toHex } from '@caisson/base';
import type { ReadableStore } from '@caisson/contracts';
import {
  decodeRequestResult,
  decodeTimestampRow,
  decodeVersionKey,
  requestResultRange,
  SYSTEM_KEYS,
  TABLE,
} from '@caisson/formats';
import type { Machine } from '../cluster/machine.js';

const REQUESTS = requestResultRange().from;

export interface Replica {
  readonly name: string;
  readonly applied: number;
  readonly rows: ReadonlyMap<string, string>;
}

/** Everything replicated that a node holds, opened. */
export async function readReplica({ name, group }: Machine): Promise<Replica> {
  const { applied } = group.status();
  return { name, applied, rows: await rowsOf(group.store) };
}

async function rowsOf(store: ReadableStore): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>();
  const view = store.view();
  const cursor = view.scan({ from: new Uint8Array(0), to: Uint8Array.of(TABLE.local) });
  for (let page = await cursor.next(); page.length > 0; page = await cursor.next()) {
    for (const { key, value } of page) rows.set(toHex(key), toHex(value));
  }
  const floor = await view.get(SYSTEM_KEYS.retentionFloor);
  await view.close();
  if (floor !== undefined) for (const key of compactable(rows, decodeTimestampRow(floor))) rows.delete(key);
  return rows;
}

/** What each replica removes in its own time. */
function compactable(rows: ReadonlyMap<string, string>, floor: bigint): readonly string[] {
  return [...rows].flatMap(([name, value]) => {
    const key = fromHex(name)!;
    if (startsWith(key, REQUESTS)) return decodeRequestResult(fromHex(value)!).commitTs < floor ? [name] : [];
    return key[0] === TABLE.versions && decodeVersionKey(key).commitTs <= floor ? [name] : [];
  });
}

/** Where two replicas differ, if they do. */
export function differences(a: Replica, b: Replica): readonly string[] {
  const keys = new Set([...a.rows.keys(), ...b.rows.keys()]);
  return [...keys]
    .filter((key) => a.rows.get(key) !== b.rows.get(key))
    .map((key) => `${key}: ${a.name} ${a.rows.get(key)}, ${b.name} ${b.rows.get(key)}`);
}
