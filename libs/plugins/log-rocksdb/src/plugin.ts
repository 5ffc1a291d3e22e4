import { CONTRACTS_VERSION, definePlugin, RaftLogs, service } from '@caisson/contracts';
import { Config, type LogRocksdbConfig } from './config.js';
import { RocksdbLogs } from './rocksdb-logs.js';

/** Raft logs on disk, one RocksDB per log. */
export const logRocksdb = definePlugin<LogRocksdbConfig>({
  id: 'log-rocksdb',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: (config) => [service({ provides: RaftLogs, create: () => new RocksdbLogs(config) })],
});
