import type { ReadView, Timestamp } from '@caisson/contracts';
import { decodeTimestampRow, SYSTEM_KEYS, systemKey } from '@caisson/formats';

/**
 * A timestamp at or above the expiry of every value ever written, 0n when none has one. Replicated. Lets a
 * transaction know without looking whether something may have expired since the last commit.
 */
export const EXPIRY_HORIZON_KEY: Uint8Array = systemKey('expiry-horizon');

/** The timestamp in a system row; 0n for a row that was never written. */
export async function readTimestampRow(view: Pick<ReadView, 'get'>, key: Uint8Array): Promise<Timestamp> {
  const row = await view.get(key);
  return row === undefined ? 0n : decodeTimestampRow(row);
}

export interface GroupRows {
  /** Everything decided so far was decided at or below it; everything to come lies above. */
  readonly lastCommitTs: Timestamp;
  /** Below it nothing is read. Never above `lastCommitTs`. */
  readonly floor: Timestamp;
  readonly expiryHorizon: Timestamp;
}

export async function readGroupRows(view: Pick<ReadView, 'get'>): Promise<GroupRows> {
  return {
    lastCommitTs: await readTimestampRow(view, SYSTEM_KEYS.lastCommitTs),
    floor: await readTimestampRow(view, SYSTEM_KEYS.retentionFloor),
    expiryHorizon: await readTimestampRow(view, EXPIRY_HORIZON_KEY),
  };
}
