import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { pipelined } from '../load/caisson-targets.js';
import { keyAt } from '../load/drive.js';
import { fill } from '../load/fill.js';
import type { KvTarget } from '../load/kv-target.js';
import type { Bench } from '../measure.js';
import { CaissonCluster, type Member } from '../processes/caisson-cluster.js';
import { Closing, inWorkspace } from '../processes/workspace.js';
import { Results } from '../results.js';

const MEGABYTE = 1e6;
const STATE_BYTES = 1024 ** 3;
const VALUE_BYTES = 4096;
const WRITERS = 64;
const QUIET_MS = 3_000;
/** A log this short reaches nobody who is new: whoever joins needs a snapshot. */
const COMPACTION = { entries: 64, bytes: 64 * 1024, keepEntries: 16, keepBytes: 16 * 1024 };
const SENT = { name: 'built, streamed and verified', unit: 'MB/s', budget: { atLeast: 100 } };
const INSTALLED = { name: 'and installed', unit: 'MB/s' };
const MEANWHILE = {
  name: 'puts while a snapshot is sent',
  unit: 'ops/s',
  against: 'none is sent',
  budget: { atLeast: 0.7 },
};

/** The whole way: built from a view, streamed, verified, installed, and caught up with. */
export const snapshot: Bench = {
  id: 'snapshot',
  compares: 'a snapshot of 1 GiB to a node that joins, built to installed; puts of the others meanwhile',
  run: ({ folder: parent, scale, pairs, tell }) =>
    inWorkspace(parent, (folder) =>
      Closing.during(async (closing) => {
        const changes = { compaction: COMPACTION };
        const cluster = await CaissonCluster.start(folder, 1, { engine: changes });
        closing.add(() => cluster.end());
        const [address] = cluster.clientAddresses;
        const keys = Math.max(250, Math.floor((STATE_BYTES * scale) / VALUE_BYTES));
        const megabytes = (keys * VALUE_BYTES) / MEGABYTE;
        tell(`filling ${keys} values of ${VALUE_BYTES} bytes`);
        await fill(address!, { keys, versionsPerKey: 1, valueBytes: VALUE_BYTES });
        const target = pipelined(address!);
        closing.add(() => target.close());
        const results = new Results();
        for (let pair = 0; pair < pairs; pair++) {
          tell(`snapshots ${2 * pair + 1} and ${2 * pair + 2}`);
          const quiet = await joinAndLeave(cluster, `quiet${pair}`, (admit) => timed(admit));
          results.add(SENT, megabytes / quiet.sentSeconds);
          results.add(INSTALLED, megabytes / quiet.installedSeconds);
          const writers = new Writers(target, keys);
          const before = await writers.during(() => pause(Math.max(200, QUIET_MS * scale)));
          const busy = await joinAndLeave(cluster, `busy${pair}`, (admit) => writers.during(admit));
          await writers.end();
          results.add(MEANWHILE, busy.measured, before);
        }
        return results.list();
      }),
    ),
};

interface Joined {
  /** What `measure` made of the time from the order to when the new node had everything. */
  readonly measured: number;
  /** From the order to when the leader was told that its snapshot is stored and sound. */
  readonly sentSeconds: number;
  /** From the order to when the new node had it in force. */
  readonly installedSeconds: number;
}

async function joinAndLeave(
  cluster: CaissonCluster,
  name: string,
  measure: (admit: () => Promise<void>) => Promise<number>,
): Promise<Joined> {
  const member = await cluster.prepare(name);
  const start = performance.now();
  const since = (words: string, { node }: Member) =>
    node.process.said((line) => (line.includes(words) ? (performance.now() - start) / 1000 : undefined));
  const sent = since('"sent a snapshot"', cluster.members[0]!);
  const installed = since('"installed a snapshot"', member);
  const [measured] = await Promise.all([measure(() => cluster.admit(member, true)), sent, installed]);
  await cluster.remove(member);
  await rm(member.folder, { recursive: true, force: true });
  return { measured, sentSeconds: await sent, installedSeconds: await installed };
}

/** In milliseconds. */
async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Puts without pause, counted. */
class Writers {
  #done = 0;
  #isOver = false;
  readonly #lanes: Promise<unknown>;

  constructor(target: KvTarget, keys: number) {
    const value = new Uint8Array(randomBytes(VALUE_BYTES));
    let next = 0;
    const lane = async () => {
      while (!this.#isOver) {
        await target.put(keyAt(next++ % keys), value);
        this.#done++;
      }
    };
    this.#lanes = Promise.all(Array.from({ length: WRITERS }, lane));
    // Whoever awaits them hears of a failure; until then it is not unhandled.
    this.#lanes.catch(() => undefined);
  }

  /** Puts per second while something else goes on. */
  async during(work: () => Promise<unknown>): Promise<number> {
    const [start, before] = [performance.now(), this.#done];
    await work();
    return ((this.#done - before) * 1000) / (performance.now() - start);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#lanes;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
