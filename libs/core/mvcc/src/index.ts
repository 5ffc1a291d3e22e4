export { VersionWriter } from './apply/version-writer.js';
export { HybridClock, type HybridClockOptions } from './clock/hybrid-clock.js';
export {
  addMs,
  isExpired,
  msOfTimestamp,
  TIMESTAMP_MAX,
  TIMESTAMP_MS_LIMIT,
  timestampOfMs,
} from './clock/timestamp.js';
export {
  COMPACTION_CURSOR_KEY,
  type CompactionCursor,
  type CompactionPhase,
  decodeCompactionCursor,
  encodeCompactionCursor,
} from './compaction/compaction-cursor.js';
export { compactSlice, type CompactionProgress } from './compaction/compaction.js';
export { KeptRows } from './compaction/kept-rows.js';
export { EXPIRY_HORIZON_KEY, type GroupRows, readGroupRows, readTimestampRow } from './read/group-rows.js';
export {
  resumed,
  type ScanBounds,
  type ScannedVersion,
  type ScanPage,
  Snapshot,
  type SnapshotRequest,
} from './read/snapshot.js';
export type { LiveVersion, ReadAt } from './read/version.js';
