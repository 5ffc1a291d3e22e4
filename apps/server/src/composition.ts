import { adminHttp } from '@caisson/admin-http';
import { applierAudit } from '@caisson/applier-audit';
import { applierEncryption } from '@caisson/applier-encryption';
import { applierKv } from '@caisson/applier-kv';
import { cipherAesGcm } from '@caisson/cipher-aes-gcm';
import { compressorSnappy } from '@caisson/compressor-snappy';
import type { Plugin } from '@caisson/contracts';
import { dataDirectory } from '@caisson/data-directory';
import { engineRaft } from '@caisson/engine-raft';
import { engineSingle } from '@caisson/engine-single';
import { gatewayGrpc } from '@caisson/gateway-grpc';
import { kekEnv } from '@caisson/kek-env';
import { kekFile } from '@caisson/kek-file';
import { logRocksdb } from '@caisson/log-rocksdb';
import { platformNode } from '@caisson/platform-node';
import { storeMemory } from '@caisson/store-memory';
import { storeRocksdb } from '@caisson/store-rocksdb';
import { transportGrpc } from '@caisson/transport-grpc';

/** What the reference server runs, unless the configuration says `<id>: false`. */
export const DEFAULT_PLUGINS: readonly Plugin[] = [
  platformNode,
  dataDirectory,
  storeRocksdb,
  logRocksdb,
  cipherAesGcm,
  compressorSnappy,
  applierEncryption,
  applierKv,
  applierAudit,
  engineRaft,
  gatewayGrpc,
  adminHttp,
];

/** What comes with the build and runs once the configuration has a section of its id. */
export const OPTIONAL_PLUGINS: readonly Plugin[] = [
  kekFile,
  kekEnv,
  storeMemory,
  engineSingle,
  transportGrpc,
];
