export { compliance } from './compliance.js';
export { storeRocksdb, storeRocksdb as plugin } from './plugin.js';
export { RocksdbStores, type RocksdbStoresOptions } from './rocksdb-stores.js';
