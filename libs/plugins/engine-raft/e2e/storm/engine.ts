/** Time in the ticks of a storm: an election takes a few hundred milliseconds. */
export const ENGINE = {
  ticks: { ms: 20, election: 10, heartbeat: 1 },
  waits: { readMs: 500, handoverMs: 300, snapshotMs: 5000 },
} as const;
