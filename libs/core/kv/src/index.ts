export { Kv, type KvOptions } from './kv.js';
export { KvApplier } from './groups/kv-applier.js';
export { type KvGroup, KvGroups, type KvGroupsOptions } from './groups/kv-groups.js';
export { KV_LIMITS, type KvLimits } from './limits.js';
export { RETENTION, type RetentionConfig } from './retention/retention.js';
export { GATHER_LIMITS, type GatherLimits } from './writes/command-queue.js';
