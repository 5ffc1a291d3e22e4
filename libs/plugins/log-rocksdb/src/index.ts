export { compliance } from './compliance.js';
export type { LogRocksdbConfig } from './config.js';
export { decodeState, encodeState, type LogState, NEVER_WRITTEN } from './log-state.js';
export { type DecodedRecord, decodeRecord, encodeRecord } from './records.js';
export { logRocksdb, logRocksdb as plugin } from './plugin.js';
export { RocksdbLogs } from './rocksdb-logs.js';
