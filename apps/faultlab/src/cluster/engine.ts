/** Time in the ticks of a storm: an election takes a few hundred milliseconds. */
export const ENGINE = {
  ticks: { ms: 20, election: 10, heartbeat: 1 },
  waits: { readMs: 500, handoverMs: 300, snapshotMs: 5000 },
} as const;

/** The same with logs so short that whoever was away for a moment needs a snapshot. */
export const FORGETFUL_ENGINE = { ...ENGINE, compaction: { entries: 16, keepEntries: 4 } } as const;
