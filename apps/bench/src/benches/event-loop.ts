import { connect } from '@caisson/client';
import { randomBytes } from 'node:crypto';
import type { Bench, Sample } from '../measure.js';
import { CaissonNode } from '../processes/caisson-node.js';
import { metric } from '../processes/metrics.js';
import { inWorkspace } from '../processes/workspace.js';

const CLIENTS = 64;
const VALUE_BYTES = 1024;
const RUN_MS = 4_000;
const P99_MS_MAX = 20;
/**
 * The runtime samples with a timer of this interval and reports the time between two samples, interval
 * included.
 */
const SAMPLING_MS = 10;
const METRIC = 'nodejs_eventloop_lag_p99_seconds';

/**
 * How long the server's event loop is held up while it works, from its own metrics; the budget is 20 ms.
 */
export const eventLoop: Bench = {
  id: 'event-loop',
  compares: 'p99 delay of the server’s event loop under load, against the budget of 20 ms',
  run: ({ folder: parent, scale, pairs }) =>
    inWorkspace(parent, async (folder) => {
      const node = await CaissonNode.start(folder);
      try {
        const samples: Sample[] = [];
        for (let pair = -1; pair < pairs; pair++) {
          await load(node.address, RUN_MS * scale);
          const sample = { ours: await lagMs(node.adminAddress), theirs: P99_MS_MAX };
          if (pair >= 0) samples.push(sample);
        }
        return [{ name: 'p99 delay', unit: 'ms', samples, budget: { atMost: 1 } }];
      } finally {
        await node.end();
      }
    }),
};

async function load(address: string, ms: number): Promise<void> {
  const client = connect({ address });
  const value = new Uint8Array(randomBytes(VALUE_BYTES));
  const end = performance.now() + ms;
  let at = 0;
  const one = async () => {
    while (performance.now() < end) {
      await client.put(`load/${at++ % 10_000}`, value);
      await client.get(`load/${(at * 7919) % 10_000}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
  client.close();
}

async function lagMs(adminAddress: string): Promise<number> {
  const response = await fetch(`http://${adminAddress}/metrics`);
  const seconds = metric(await response.text(), METRIC);
  return Math.max(0, seconds * 1000 - SAMPLING_MS);
}
