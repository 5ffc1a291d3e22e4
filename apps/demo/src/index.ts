export { findCorpus, type Corpus } from './corpus.js';
export { NEEDLE_BYTES_MIN, searchDisk, type SearchResult } from './disk-search.js';
export { keyOf, runMainJob, type MainJobOptions, type MainJobResult } from './main-job.js';
export { Playground } from './playground.js';
export { CAISSON, CAISSOND, NodeEndedError, NodeProcess, runCli, type Ran } from './node-process.js';
