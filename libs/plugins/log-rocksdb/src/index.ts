export { compliance } from './compliance.js';
export type { LogRocksdbConfig } from './config.js';
export { logRocksdb, logRocksdb as plugin } from './plugin.js';
export { RocksdbLogs } from './rocksdb-logs.js';
