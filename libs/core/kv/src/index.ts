export { Kv, type KvOptions } from './kv.js';
export { CEILING, type CeilingConfig } from './ceiling/ceiling-keeper.js';
export { KvApplier } from './groups/kv-applier.js';
export { type KvGroup, KvGroups } from './groups/kv-groups.js';
export { KV_LIMITS, type KvLimits } from './limits.js';
export { type Continuation, decodeContinuation, encodeContinuation } from './reads/continuation.js';
export { RETENTION, type RetentionConfig } from './retention/retention.js';
export { GATHER_LIMITS, type GatherLimits } from './writes/command-queue.js';
