import { type KeyProgress, KeyLifecycleService, type RaftLogs } from '@caisson/contracts';
import type { DiskImage, SimulatedDisk } from '@caisson/simulator';
import { backupTarget } from './backup-target.js';
import type { Target } from './explorer.js';
import { logTarget } from './log-target.js';
import { emptyDisk, LoneNode, type LoneOptions } from './lone-node.js';
import { brokenPromise, Client, type Promised } from './promises.js';
import { type Epochs, watched } from './sealed-epochs.js';
import { snapshotTarget } from './snapshot-target.js';

const FIRST = 1;
const SECOND = 2;
const CONTEXT = {};

type Around = NonNullable<LoneOptions['around']>;

/** What a target is made with: nothing, or something wrong with what the node sees of its disk. */
export interface TargetOptions {
  readonly around?: Around;
  /** Somebody's own logs over a disk. */
  readonly logs?: (disk: SimulatedDisk) => RaftLogs;
  /** Of what is drawn. */
  readonly seed?: number;
}

export const TARGETS = {
  sidecar: (options: TargetOptions) =>
    nodeTarget(options, {
      about: 'a node takes its epochs, and both data keys are rotated',
      envelopeVersion: 1,
      prepare: (client) => client.put('a'),
      run: async (node, client) => {
        await client.put('a');
        await rotate(node, 'storage');
        await client.put('b');
        await rotate(node, 'raft');
        await client.put('a');
      },
    }),
  log: (options: TargetOptions) =>
    nodeTarget(options, {
      about: 'entries are appended, one by one and together, and the log is compacted',
      engine: { compaction: { entries: 8, keepEntries: 2 } },
      prepare: (client) => client.put('a'),
      run: async (node, client) => {
        for (const key of ['a', 'b', 'a']) await client.put(key);
        await client.putAll('b', 'c', 'd');
        await client.putAll('a', 'c');
        for (const key of ['b', 'd', 'a', 'c']) await client.put(key);
      },
    }),
  truncation: logTarget,
  rewrite: (options: TargetOptions) =>
    nodeTarget(options, {
      about: 'values are sealed anew under another key while one is written',
      prepare: async (client, node) => {
        for (const key of ['a', 'b', 'c', 'd', 'e']) await client.put(key);
        await rotate(node, 'storage');
      },
      run: async (node, client) => {
        const lifecycle = node.get(KeyLifecycleService);
        await node.settled(lifecycle.rewrite({ action: 'start' }, CONTEXT));
        await client.put('c');
        await rewritten(node);
        await client.put('a');
      },
    }),
  snapshot: snapshotTarget,
  backup: backupTarget,
} as const;

export type TargetName = keyof typeof TARGETS;

interface Script {
  readonly about: string;
  readonly envelopeVersion?: 1 | 2;
  readonly engine?: object;
  prepare(client: Client, node: LoneNode): Promise<unknown>;
  run(node: LoneNode, client: Client): Promise<unknown>;
}

/** What a node promised: values to its client, and epochs to whoever knows its data keys. */
interface NodePromises {
  readonly told: Promised;
  readonly epochs: Epochs;
}

/** Something that a whole node goes through, beginning with its start. */
function nodeTarget({ around }: TargetOptions, script: Script): Target<NodePromises> {
  const { about, engine, envelopeVersion } = script;
  const setting = { ...(engine && { engine }), ...(envelopeVersion && { envelopeVersion }) };
  const own = { ...setting, ...(around && { around }) };
  let held: Promised = {};
  return {
    about,
    nothing: { told: {}, epochs: {} },
    async prepare(): Promise<DiskImage> {
      const disk = await emptyDisk();
      const node = new LoneNode({ ...setting, disk, seed: FIRST });
      await node.start();
      await script.prepare(new Client(node, (promised) => (held = promised)), node);
      await node.stop();
      disk.loseEverythingUnsynced();
      return disk.image;
    },
    async run(disk, promise): Promise<void> {
      let promised: NodePromises = { told: held, epochs: {} };
      const tell = (more: Partial<NodePromises>): void => promise((promised = { ...promised, ...more }));
      const cipher = watched((key, epoch) => {
        if (epoch > (promised.epochs[key] ?? -1)) tell({ epochs: { ...promised.epochs, [key]: epoch } });
      });
      tell({});
      const node = new LoneNode({ ...own, disk, seed: SECOND, cipher });
      await node.start();
      await script.run(node, new Client(node, (told) => tell({ told }), held));
      node.life.end();
    },
    async recover(disk, { epochs, told }): Promise<string | undefined> {
      let reused: string | undefined;
      const cipher = watched((key, epoch) => {
        if (epoch <= (epochs[key] ?? -1)) reused = `epoch ${epoch} of a key seals in two processes`;
      });
      const node = new LoneNode({ ...own, disk, seed: SECOND + 1, cipher });
      try {
        await node.start();
        const broken = await brokenPromise(node, told);
        if (broken !== undefined) return broken;
        await node.put('last', 'of all');
        if ((await node.read('last')) !== 'of all') return 'what is written is not read';
        return envelopeVersion === 1 ? reused : undefined;
      } finally {
        node.life.end();
      }
    },
  };
}

async function rotate(node: LoneNode, purpose: 'storage' | 'raft'): Promise<void> {
  const order = node.get(KeyLifecycleService).rotate({ purpose }, CONTEXT);
  await node.settled(drained(order));
}

async function drained(order: AsyncIterable<KeyProgress>): Promise<void> {
  for await (const { step } of order) if (step === 'done') continue;
}

async function rewritten(node: LoneNode): Promise<void> {
  const lifecycle = node.get(KeyLifecycleService);
  for (let turn = 0; turn < 2000; turn++) {
    const [progress] = await node.settled(lifecycle.rewrite({ action: 'look' }, CONTEXT));
    if (progress?.state === 'finished') return;
    await node.settled(node.clock.sleep(1));
  }
  throw new RangeError('rewriting never finished');
}
