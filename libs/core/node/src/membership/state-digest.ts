import type { Clock, Hashes, Pair, ReadableStore, StateDigest } from '@caisson/contracts';
import { decodeIndexRow, SYSTEM_KEYS, TABLE } from '@caisson/formats';
import { KeptRows, readTimestampRow } from '@caisson/mvcc';

export interface DigestParts {
  readonly hashes: Pick<Hashes, 'runningSha256'>;
  readonly clock: Pick<Clock, 'turn'>;
}

const REPLICATED = { from: Uint8Array.of(TABLE.system), to: Uint8Array.of(TABLE.local) };
const PAGE = { pairs: 1024, bytes: 1024 * 1024 };
const LENGTH_BYTES = 4;

/**
 * One hash over the replicated rows of a group, opened, at the position that the same view shows.
 *
 * Replicas at one position agree, however their disks came to be: stored bytes differ by nonces and salts,
 * and rows that compaction may remove in each replica's own time are left out. Opening every value, it also
 * finds any that does not authenticate; that error is the answer then.
 */
export async function digestState(
  group: number,
  store: ReadableStore,
  { hashes, clock }: DigestParts,
  signal?: AbortSignal,
): Promise<StateDigest> {
  const view = store.view();
  try {
    const kept = new KeptRows(await readTimestampRow(view, SYSTEM_KEYS.retentionFloor));
    const applied = await view.get(SYSTEM_KEYS.appliedIndex);
    const hash = hashes.runningSha256();
    const cursor = view.scan(REPLICATED);
    let pairs = 0;
    for (let page = await cursor.next(PAGE); page.length > 0; page = await cursor.next(PAGE)) {
      signal?.throwIfAborted();
      const rows = page.filter((pair) => kept.keeps(pair));
      hash.update(framed(rows));
      pairs += rows.length;
      await clock.turn();
    }
    const position = applied === undefined ? 0 : decodeIndexRow(applied);
    return { group, position, digest: hash.done(), pairs };
  } finally {
    await view.close();
  }
}

/** Each row as `length u32 ‖ key ‖ length u32 ‖ value`. */
function framed(rows: readonly Pair[]): Uint8Array {
  const parts = rows.flatMap(({ key, value }) => [key, value]);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + LENGTH_BYTES + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    bytes.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + part.length;
  }
  return bytes;
}
