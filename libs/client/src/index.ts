export { isCaissonError, type CaissonError, type ErrorCode } from '@caisson/contracts';
export type {
  AddRequest,
  ClusterProgress,
  ClusterStatus,
  Condition,
  Expectation,
  KekCheck,
  KeyLifecycleStatus,
  KeyProgress,
  Mutation,
  RewriteOrder,
  RewriteProgress,
  ScannedPair,
  Timestamp,
  WriteRequest,
  WriteResponse,
} from '@caisson/contracts';
export { AuditClient, type AuditClientOptions, type AuditRead, type ReadPage } from './audit/audit-client.js';
export { BackupClient, type BackupClientOptions, type BackupOptions } from './backup/backup-client.js';
export { toBytes, toText, type Bytes } from './bytes.js';
export { MultiplexedChannel, type FrameListener, type FrameStream, type OpenStream } from './channel.js';
export {
  CaissonClient,
  connect,
  type CompareAndSetOutcome,
  type Lookup,
  type ReadOptions,
  type ScanOptions,
  type VersionedValue,
} from './client.js';
export { ClusterClient, type ClusterClientOptions } from './cluster/cluster-client.js';
export type { DigestComparison, MemberDigest } from './cluster/state-digests.js';
export {
  EncryptionClient,
  type EncryptionClientOptions,
  type KeyOrderOptions,
  type KeySteps,
} from './encryption/encryption-client.js';
export { GrpcConnection, type GrpcConnectionOptions, type NodeStatus } from './connection.js';
export type { CallOptions, ClientOptions, ClientTls, ReadFrom } from './options.js';
export { withRetry, type RetryOptions } from './retry.js';
export { Transaction, type Transacted, type TransactOptions, type TransactionSource } from './transaction.js';
