export { Certificates } from './certificates.js';
export { ClusterNode, freePorts, LOOPBACK, type NodePlace } from './cluster/cluster-node.js';
export { ClusterPlayground, type NodeDigest } from './cluster/cluster-playground.js';
export {
  agreeingDigests,
  isAsPromised,
  runClusterStory,
  type ClusterStoryResult,
} from './cluster/cluster-story.js';
export { severable, type Severable } from './cluster/network-cut.js';
export { SteadyWriter } from './cluster/steady-writer.js';
export {
  brokenPromises,
  type EncryptionStoryResult,
  failedShare,
  runEncryptionStory,
} from './encryption/encryption-story.js';
export { UNEQUIPPED } from './encryption/operator.js';
export { findCorpus, type Corpus } from './corpus.js';
export { NEEDLE_BYTES_MIN, searchDisk, type SearchResult } from './disk-search.js';
export { BlockFailedError, GuideRun, shellBlocks, withFreePorts, type RanBlock } from './guide-run.js';
export { keyOf, runMainJob, type MainJobOptions, type MainJobResult } from './main-job.js';
export { Playground } from './playground.js';
export { CAISSON, CAISSOND, NodeEndedError, NodeProcess, runCli, type Ran } from './node-process.js';
