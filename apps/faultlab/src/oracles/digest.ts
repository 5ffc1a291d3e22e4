import { startsWith, toHex } from '@caisson/base';
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
  /** Bytes as characters: short, and compared as fast as memory. */
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
    for (const { key, value } of page) rows.set(charactersOf(key), charactersOf(value));
  }
  const floor = await view.get(SYSTEM_KEYS.retentionFloor);
  await view.close();
  if (floor !== undefined) for (const key of compactable(rows, decodeTimestampRow(floor))) rows.delete(key);
  return rows;
}

/** What each replica removes in its own time. */
function compactable(rows: ReadonlyMap<string, string>, floor: bigint): readonly string[] {
  return [...rows].flatMap(([name, value]) => {
    const key = bytesOf(name);
    if (startsWith(key, REQUESTS)) return decodeRequestResult(bytesOf(value)).commitTs < floor ? [name] : [];
    return key[0] === TABLE.versions && decodeVersionKey(key).commitTs <= floor ? [name] : [];
  });
}

/** Where two replicas differ, if they do. */
export function differences(a: Replica, b: Replica): readonly string[] {
  const keys = new Set([...a.rows.keys(), ...b.rows.keys()]);
  return [...keys]
    .filter((key) => a.rows.get(key) !== b.rows.get(key))
    .map((key) => `${hexOf(key)}: ${a.name} ${hexOf(a.rows.get(key))}, ${b.name} ${hexOf(b.rows.get(key))}`);
}

function charactersOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

function bytesOf(characters: string): Uint8Array {
  return new Uint8Array(Buffer.from(characters, 'latin1'));
}

function hexOf(characters: string | undefined): string | undefined {
  return characters && toHex(bytesOf(characters));
}
