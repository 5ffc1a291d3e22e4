/** What writers noticed of something that happened to the servers. */
export interface Outage {
  /** The longest time without any acknowledgement, from then on. */
  readonly pauseMs: number;
  readonly beforePerSecond: number;
  /** In the last half of the time after it. */
  readonly afterPerSecond: number;
}

export interface OutageOptions {
  /** Repeats by itself until it succeeds. */
  readonly put: (at: number) => Promise<unknown>;
  readonly atOnce: number;
  /** How long it goes well before. */
  readonly beforeMs: number;
  /** How long is watched after the first acknowledgement that follows. */
  readonly afterMs: number;
  readonly happen: () => Promise<unknown>;
}

/** Lets something happen under writers that never stop. */
export async function watchOutage(options: OutageOptions): Promise<Outage> {
  const { put, atOnce, beforeMs, afterMs, happen } = options;
  const acknowledged: number[] = [];
  let next = 0;
  let isOver = false;
  const lane = async () => {
    while (!isOver) {
      await put(next++);
      acknowledged.push(performance.now());
    }
  };
  const begin = performance.now();
  const lanes = Promise.all(Array.from({ length: atOnce }, lane));
  // Whoever awaits them hears of a failure; until then it is not unhandled.
  lanes.catch(() => undefined);
  const failed = lanes.then(() => undefined);
  try {
    await Promise.race([failed, sleepUntil(begin + beforeMs)]);
    const happenedAt = performance.now();
    await Promise.race([failed, happen()]);
    const seen = acknowledged.length;
    while (acknowledged.length <= seen) await Promise.race([failed, sleepUntil(performance.now() + 10)]);
    const end = performance.now() + afterMs;
    await Promise.race([failed, sleepUntil(end)]);
    return outageOf(acknowledged, { begin, happenedAt, end, afterMs });
  } finally {
    isOver = true;
    await lanes.catch(() => undefined);
  }
}

interface Times {
  readonly begin: number;
  readonly happenedAt: number;
  readonly end: number;
  readonly afterMs: number;
}

export function outageOf(acknowledged: readonly number[], times: Times): Outage {
  const { begin, happenedAt, end, afterMs } = times;
  const rate = (from: number, to: number) => {
    const count = acknowledged.filter((at) => at >= from && at < to).length;
    return (count * 1000) / (to - from);
  };
  let [last, pauseMs] = [happenedAt, 0];
  for (const at of acknowledged) {
    if (at < happenedAt || at > end) continue;
    pauseMs = Math.max(pauseMs, at - last);
    last = at;
  }
  return {
    pauseMs: Math.max(pauseMs, end - last),
    beforePerSecond: rate(begin, happenedAt),
    afterPerSecond: rate(end - afterMs / 2, end),
  };
}

function sleepUntil(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
}
