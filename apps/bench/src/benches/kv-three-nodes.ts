import { randomBytes } from 'node:crypto';
import { compareSides, PLANS, type Plan } from '../load/compare-sides.js';
import { keyAt } from '../load/drive.js';
import { watchOutage, type Outage } from '../load/outage.js';
import { runWork } from '../load/side.js';
import { openCaisson, openEtcd, type ClusterSide } from '../load/three-sides.js';
import type { Bench, BenchOptions } from '../measure.js';
import { whileSlowed } from '../processes/pulses.js';
import { Closing, inWorkspace } from '../processes/workspace.js';
import { Results } from '../results.js';

const VALUE_BYTES = 1024;
const KEYS = 10_000;
const SLOW_PLAN: Plan = { operation: 'put', way: 'pipelined', atOnce: 64, operations: 8_000 };
const WRITERS = 32;
const BEFORE_MS = 2_000;
const AFTER_MS = 4_000;

interface Pair {
  readonly ours: ClusterSide;
  readonly theirs?: ClusterSide;
}

interface Event {
  readonly name: string;
  happen(side: ClusterSide): Promise<void>;
}

const EVENTS: readonly Event[] = [
  { name: 'leadership handed over', happen: (side) => side.handOver() },
  { name: 'leader killed', happen: (side) => side.killLeader() },
];

/** The same comparison as for one node, and then what goes wrong in clusters. */
export const kvThreeNodes: Bench = {
  id: 'kv-three-nodes',
  compares: 'three processes on loopback against three of etcd: all well, a follower slow, leaders lost',
  run: (options) =>
    inWorkspace(options.folder, (folder) =>
      Closing.during(async (closing) => {
        const ours = await openCaisson(folder, closing);
        const theirs = options.etcd && (await openEtcd(options.etcd, folder, closing));
        const pair = { ours, ...(theirs && { theirs }) };
        const results = new Results();
        const plans = PLANS.filter(({ atOnce }) => atOnce > 1);
        await compareSides(pair, plans, options, { results });
        await slowFollower(pair, options, results);
        for (const event of EVENTS) await outages(pair, event, options, results);
        return results.list();
      }),
    ),
};

/** A quorum does not need the slow one, so writers should hardly notice. */
async function slowFollower(pair: Pair, options: BenchOptions, results: Results): Promise<void> {
  options.tell('one follower slow');
  for (let at = -1; at < options.pairs; at++) {
    const ours = await bothWays(pair.ours, options);
    const theirs = pair.theirs && (await bothWays(pair.theirs, options));
    if (at < 0) continue;
    const [name, unit] = ['put, one follower slow', 'ops/s'];
    results.add({ name, unit, against: 'etcd' }, ours.slow, theirs?.slow);
    results.add({ name: `${name}: what is left`, unit, against: 'all well' }, ours.slow, ours.well);
    if (theirs) {
      const etcd = { name: `${name}: what is left to etcd`, unit, against: 'all well' };
      results.add(etcd, theirs.slow, theirs.well);
    }
  }
}

async function bothWays(side: ClusterSide, { scale }: BenchOptions) {
  const operations = Math.max(SLOW_PLAN.atOnce, Math.floor(SLOW_PLAN.operations * scale));
  const run = async () => {
    const content = { keys: KEYS, value: new Uint8Array(randomBytes(VALUE_BYTES)) };
    return (await runPuts(side, operations, content)).perSecond;
  };
  const well = await run();
  const slow = await whileSlowed(await side.follower(), run);
  await side.restore();
  return { well, slow };
}

function runPuts(side: ClusterSide, operations: number, content: { keys: number; value: Uint8Array }) {
  const { adminAddresses: _, ...targets } = side;
  // A stopped process answers no question about its metrics.
  return runWork({ ...targets, adminAddresses: [] }, { ...SLOW_PLAN, operations }, content);
}

async function outages(pair: Pair, event: Event, options: BenchOptions, results: Results): Promise<void> {
  options.tell(event.name);
  for (let at = 0; at < options.pairs; at++) {
    const ours = await outage(pair.ours, event, options);
    const theirs = pair.theirs && (await outage(pair.theirs, event, options));
    const pause = { name: `${event.name}: pause of puts`, unit: 'ms', against: 'etcd' };
    results.add(pause, ours.pauseMs, theirs?.pauseMs);
    const after = { name: `${event.name}: puts afterwards`, unit: 'ops/s', against: 'before' };
    results.add(after, ours.afterPerSecond, ours.beforePerSecond);
  }
}

async function outage(side: ClusterSide, event: Event, { scale }: BenchOptions): Promise<Outage> {
  const value = new Uint8Array(randomBytes(VALUE_BYTES));
  const share = Math.max(0.1, Math.min(1, scale));
  const seen = await watchOutage({
    put: (at) => side.resilient.put(keyAt(at % KEYS), value),
    atOnce: WRITERS,
    beforeMs: BEFORE_MS * share,
    afterMs: AFTER_MS * share,
    happen: () => event.happen(side),
  });
  await side.restore();
  return seen;
}
