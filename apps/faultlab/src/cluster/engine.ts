import type { Plan } from '../faults/plan.js';

/** Time in the ticks of a storm: an election takes a few hundred milliseconds. */
export const ENGINE = {
  ticks: { ms: 20, election: 10, heartbeat: 1 },
  waits: { readMs: 500, handoverMs: 300, snapshotMs: 5000 },
} as const;

/** The same with logs so short that whoever was away for a moment needs a snapshot. */
export const FORGETFUL_ENGINE = { ...ENGINE, compaction: { entries: 16, keepEntries: 4 } } as const;

/** What the engine and the key-value store of each node are told. */
export function configOf({ hasShortLogs, shape = {} }: Pick<Plan, 'hasShortLogs' | 'shape'>): {
  readonly engine: unknown;
  readonly kv: unknown;
} {
  const { appendEntries, compactionEntries: entries, gatherCommands, reads, retentionMs, tickMs } = shape;
  const base = hasShortLogs ? FORGETFUL_ENGINE : ENGINE;
  const engine = {
    ...base,
    ...(entries !== undefined && { compaction: { entries, keepEntries: entries >> 2 } }),
    ...(appendEntries !== undefined && { limits: { appendEntries } }),
    ...(reads !== undefined && { reads }),
    ...(tickMs !== undefined && { ticks: { ...ENGINE.ticks, ms: tickMs } }),
  };
  const kv = {
    ...(gatherCommands !== undefined && { gatherCommandsMax: gatherCommands }),
    ...(retentionMs !== undefined && { retentionMs, retentionIntervalMs: Math.max(retentionMs >> 1, 1) }),
  };
  return { engine, kv };
}
