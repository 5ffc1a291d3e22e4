import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdClient } from '../etcd/etcd-client.js';
import { EtcdCluster } from '../etcd/etcd-server.js';
import { pipelined } from '../load/caisson-targets.js';
import { drive, keyAt, scattered } from '../load/drive.js';
import type { KvTarget } from '../load/kv-target.js';
import type { Bench, BenchOptions } from '../measure.js';
import { CaissonNode, GROUPS_SECTION } from '../processes/caisson-node.js';
import { processUse } from '../processes/metrics.js';
import { Closing, inWorkspace } from '../processes/workspace.js';
import { Results } from '../results.js';

const MIB = 1024 * 1024;
const SETTLE_MS = 1_500;
const AT_ONCE = 64;
const LOAD_MS = 5_000;
const WINDOWS_TO_WARM_UP = 3;
const LOAD_MS_FULL = 12 * 60_000;
const LOAD_KEYS = 10_000;
const LOAD_VALUE_BYTES = 1024;
const CONNECTIONS_PER_STEP = 100;
const GROUPS = 8;
const KEYS = 1_000_000;
const KEY_VALUE_BYTES = 100;

/** A server and the ways to it. */
interface Subject {
  readonly adminAddress: string;
  connect(): KvTarget;
}

interface Subjects {
  readonly ours: Subject;
  readonly theirs?: Subject;
}

/** What the process holds: alone, worked, connected to, and full. */
export const memory: Bench = {
  id: 'memory',
  compares: 'resident memory idle and under load, per connection, group and million keys; against etcd',
  run: (options) =>
    inWorkspace(options.folder, (folder) =>
      Closing.during(async (closing) => {
        const results = new Results();
        const node = await CaissonNode.start(join(folder, 'one'));
        closing.add(() => node.end());
        const { address, adminAddress } = node;
        const ours = { adminAddress, connect: () => pipelined(address) };
        const theirs = options.etcd && (await openEtcd(options.etcd, join(folder, 'etcd'), closing));
        const subjects = { ours, ...(theirs && { theirs }) };
        await perGroup(join(folder, 'many'), node, results);
        await connections(subjects, options, results);
        await underLoad(subjects, options, results);
        await perMillionKeys(subjects, options, results);
        return results.list();
      }),
    ),
};

async function openEtcd(path: string, folder: string, closing: Closing): Promise<Subject> {
  const cluster = await EtcdCluster.start(path, folder, 1);
  closing.add(() => cluster.end());
  const { address } = cluster.members[0]!;
  return { adminAddress: address, connect: () => new EtcdClient(address) };
}

/** A second node, as fresh as the first, with more groups. */
async function perGroup(folder: string, one: CaissonNode, results: Results): Promise<void> {
  const groups = Array.from({ length: GROUPS }, (_, at) => at + 1);
  const many = await CaissonNode.start(folder, { changes: { [GROUPS_SECTION]: { groups } } });
  try {
    const [more, less] = [await rss(many), await rss(one)];
    results.add({ name: 'per further group', unit: 'MiB' }, (more - less) / (GROUPS - 1) / MIB);
  } finally {
    await many.end();
  }
}

async function connections(subjects: Subjects, options: BenchOptions, results: Results): Promise<void> {
  options.tell('connections');
  const idle = await each(subjects, rss);
  results.add({ name: 'idle', unit: 'MiB', against: 'etcd' }, idle.ours / MIB, mebibytes(idle.theirs));
  const count = Math.max(10, Math.floor(CONNECTIONS_PER_STEP * options.scale));
  const open: KvTarget[] = [];
  try {
    let before = await each(subjects, rss);
    for (let step = 0; step < options.pairs; step++) {
      await each(subjects, async (subject) => {
        for (let at = 0; at < count; at++) {
          const target = subject.connect();
          open.push(target);
          await target.get(keyAt(0));
        }
        return 0;
      });
      const after = await each(subjects, rss);
      const per = (now: number, then: number) => Math.max(0, now - then) / count / 1024;
      const theirs = after.theirs === undefined ? undefined : per(after.theirs, before.theirs!);
      results.add({ name: 'per connection', unit: 'KiB' }, per(after.ours, before.ours));
      if (theirs !== undefined) results.add({ name: 'per connection to etcd', unit: 'KiB' }, theirs);
      before = after;
    }
  } finally {
    for (const target of open) target.close();
  }
}

/** Window after window of the same work on the same keys: what is held then has no reason to grow. */
async function underLoad(subjects: Subjects, options: BenchOptions, results: Results): Promise<void> {
  options.tell('under load');
  const windowMs = Math.max(200, (options.full ? LOAD_MS_FULL : LOAD_MS) * Math.min(1, options.scale));
  const window = (subject: Subject) => work(subject, windowMs);
  for (let at = 1; at < WINDOWS_TO_WARM_UP; at++) await each(subjects, window);
  const first = await each(subjects, window);
  for (let at = 0; at < options.pairs; at++) {
    const now = await each(subjects, window);
    const load = { name: 'under load', unit: 'MiB', against: 'etcd' };
    results.add(load, now.ours / MIB, mebibytes(now.theirs));
    const growth = { name: 'growth under load', unit: 'MiB', against: 'warmed up' };
    results.add({ ...growth, budget: { atMost: 1.25 } }, now.ours / MIB, first.ours / MIB);
  }
}

async function work(subject: Subject, ms: number): Promise<number> {
  const target = subject.connect();
  const value = new Uint8Array(randomBytes(LOAD_VALUE_BYTES));
  const end = performance.now() + ms;
  let next = 0;
  const lane = async () => {
    while (performance.now() < end) {
      const at = next++;
      await target.put(keyAt(at % LOAD_KEYS), value);
      await target.get(keyAt(scattered(at, LOAD_KEYS)));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return (await processUse(subject.adminAddress)).rssBytes;
  } finally {
    target.close();
  }
}

async function perMillionKeys(subjects: Subjects, options: BenchOptions, results: Results): Promise<void> {
  options.tell('many keys');
  const keys = Math.max(1_000, Math.floor(KEYS * options.scale));
  const value = new Uint8Array(randomBytes(KEY_VALUE_BYTES));
  const before = await each(subjects, rss);
  await each(subjects, async (subject) => {
    const target = subject.connect();
    await drive({ operations: keys, atOnce: 256 }, (at) => target.put(keyAt(LOAD_KEYS + at), value));
    target.close();
    return 0;
  });
  const after = await each(subjects, rss);
  const per = (now: number, then: number) => (Math.max(0, now - then) / MIB) * (KEYS / keys);
  results.add({ name: 'per million keys', unit: 'MiB' }, per(after.ours, before.ours));
  if (after.theirs !== undefined) {
    results.add({ name: 'per million keys in etcd', unit: 'MiB' }, per(after.theirs, before.theirs!));
  }
}

async function rss({ adminAddress }: Pick<Subject, 'adminAddress'>): Promise<number> {
  await sleep(SETTLE_MS);
  return (await processUse(adminAddress)).rssBytes;
}

async function each(
  { ours, theirs }: Subjects,
  measure: (subject: Subject) => Promise<number>,
): Promise<{ readonly ours: number; readonly theirs: number | undefined }> {
  return { ours: await measure(ours), theirs: theirs && (await measure(theirs)) };
}

function mebibytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / MIB;
}
