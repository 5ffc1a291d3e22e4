import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pipelined } from '../load/caisson-targets.js';
import { drive, keyAt, type Run } from '../load/drive.js';
import type { KvTarget } from '../load/kv-target.js';
import type { Bench } from '../measure.js';
import { CaissonNode } from '../processes/caisson-node.js';
import { Closing, inWorkspace } from '../processes/workspace.js';
import { Results } from '../results.js';

const CLIENTS = 64;
const VALUE_BYTES = 1024;
const WRITES_PER_RUN = 8_000;
const THROUGHPUT = { name: 'throughput', unit: 'puts/s', budget: { atLeast: 0.9 } };
const P99 = { name: 'p99 latency', unit: 'ms', budget: { atMost: 1.1 } };

/** The same server twice, one born encrypted and one clear, written to in turn. */
export const kvEncrypted: Bench = {
  id: 'kv-encrypted',
  compares: 'the same server, fully encrypted against encryption off: 1 KiB puts, 64 at once',
  run: ({ folder: parent, scale, pairs }) =>
    inWorkspace(parent, (folder) =>
      Closing.during(async (closing) => {
        const sealed = await open(join(folder, 'sealed'), 'encrypted', closing);
        const clear = await open(join(folder, 'clear'), 'clear', closing);
        const writes = Math.max(CLIENTS, Math.floor(WRITES_PER_RUN * scale));
        const results = new Results();
        for (let pair = -1; pair < pairs; pair++) {
          const [ours, theirs] = [await write(sealed, writes), await write(clear, writes)];
          if (pair < 0) continue;
          results.add(THROUGHPUT, ours.perSecond, theirs.perSecond);
          results.add(P99, ours.p99Ms, theirs.p99Ms);
        }
        return results.list();
      }),
    ),
};

async function open(folder: string, birth: 'encrypted' | 'clear', closing: Closing): Promise<KvTarget> {
  const node = await CaissonNode.start(folder, { birth });
  closing.add(() => node.end());
  const target = pipelined(node.address);
  closing.add(() => target.close());
  return target;
}

function write(target: KvTarget, writes: number): Promise<Run> {
  const value = new Uint8Array(randomBytes(VALUE_BYTES));
  return drive({ operations: writes, atOnce: CLIENTS }, (at) => target.put(keyAt(at), value));
}
