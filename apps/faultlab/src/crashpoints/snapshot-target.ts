import { toHex, toUtf8 } from '@caisson/base';
import { ManualClock, SeededRandom } from '@caisson/compliance';
import {
  type IncomingSnapshot,
  type Logger,
  type NodeIdentity,
  type RaftLog,
  ReplicationEngine,
  StoredStates,
} from '@caisson/contracts';
import { type GroupSession, NodeEncryption, NodeStates } from '@caisson/encryption';
import { StoredSnapshots } from '@caisson/node';
import { DiskLogs, DiskStores, type SimulatedDisk } from '@caisson/simulator';
import type { Target } from './explorer.js';
import { directoryOf, emptyDisk, IDENTITY, KEK_PARTS, kekOf, LoneNode } from './lone-node.js';
import type { TargetOptions } from './targets.js';

const TERM = 3;
const VOTE = 77n;
const FOLLOWER: NodeIdentity = { ...IDENTITY, name: 'n2', joined: true };
const quiet: Logger = { log: () => undefined, child: () => quiet };
const FAULTS = { degraded: () => undefined, recovered: () => undefined, fatal: () => undefined };

/** A snapshot as it is sent, and what a node has that installed it. */
interface Sent {
  readonly incoming: IncomingSnapshot;
  readonly pieces: readonly Uint8Array[];
  readonly index: number;
  readonly content: string;
}

/** Whether the state that was sent is the one in use for good. */
type SnapshotPromises = boolean;

/** A follower that has an old state and entries above it receives a newer one and takes it into use. */
export function snapshotTarget({ around = (disk) => disk }: TargetOptions): Target<SnapshotPromises> {
  let [older, newer]: (Sent | undefined)[] = [];
  return {
    about: 'a follower receives a snapshot, and its state takes the place of the old one',
    nothing: false,
    async prepare() {
      [older, newer] = await twoSnapshots();
      const disk = await emptyDisk();
      const follower = await Follower.start(disk);
      await follower.install(older!);
      const entry = { index: older!.index + 1, term: TERM, kind: 'normal' as const, data: new Uint8Array(0) };
      await follower.log.append({ entries: [entry], hardState: promisesUpTo(older!.index) });
      await follower.stop();
      disk.loseEverythingUnsynced();
      return disk.image;
    },
    async run(disk, promise): Promise<void> {
      const follower = await Follower.start(around(disk));
      await follower.install(newer!);
      promise(true);
      await follower.stop();
    },
    async recover(disk, isInstalled): Promise<string | undefined> {
      const follower = await Follower.start(around(disk));
      try {
        const { hardState, start } = follower.log;
        if (hardState.term !== TERM || hardState.vote !== VOTE) return 'what was voted for is forgotten';
        const state = [older!, newer!].find(({ index }) => index === start.index);
        if (state === undefined) return `the log begins at ${start.index}`;
        if (isInstalled && state !== newer) return 'the old state is back';
        const isSame = (await follower.content()) === state.content;
        return isSame ? undefined : `the log begins at ${start.index}, and the state is another one`;
      } finally {
        await follower.stop();
      }
    },
  };
}

function promisesUpTo(commit: number) {
  return { term: TERM, vote: VOTE, commit };
}

async function twoSnapshots(): Promise<[Sent, Sent]> {
  const leader = new LoneNode({ disk: await emptyDisk(), seed: 1 });
  await leader.start();
  await leader.put('a', 'old');
  const older = await snapshotOf(leader, 1);
  await leader.put('a', 'new');
  await leader.put('b', 'x'.repeat(700));
  const newer = await snapshotOf(leader, 2);
  leader.life.end();
  return [older, newer];
}

async function snapshotOf(leader: LoneNode, seed: number): Promise<Sent> {
  const parts = { disk: leader.disk, directory: leader.directory, logger: quiet };
  const { hashes } = KEK_PARTS;
  const random = new SeededRandom(seed);
  const stored = new StoredSnapshots({ ...parts, hashes, random, states: leader.get(StoredStates) });
  const group = leader.get(ReplicationEngine).group(1);
  const index = group.status().applied;
  const opened = await stored.group(1).open({ index, term: TERM }, toUtf8('frame'));
  const { frame, id } = opened.outgoing;
  const pieces: Uint8Array[] = [];
  for await (const piece of opened.outgoing.chunks(0)) pieces.push(piece.slice());
  await opened.close();
  return {
    incoming: { group: 1, from: 1n, id, frame },
    pieces,
    index,
    content: await contentOf(group.store),
  };
}

/** As much of a node as a state needs to be received and to take another one's place. */
class Follower {
  private constructor(
    readonly log: RaftLog,
    readonly session: GroupSession,
    readonly encryption: NodeEncryption,
    readonly snapshots: StoredSnapshots,
  ) {}

  static async start(disk: SimulatedDisk): Promise<Follower> {
    const random = new SeededRandom(9);
    const directory = directoryOf(FOLLOWER);
    const encryption = new NodeEncryption({
      disk,
      stores: new DiskStores(disk),
      config: { enabled: true, envelopeVersion: 2 },
      directory,
      keks: [kekOf(random)],
      ...KEK_PARTS,
      random,
      clock: new ManualClock(),
      faults: FAULTS,
      logger: quiet,
    });
    await encryption.open();
    const states = new NodeStates(encryption);
    const { hashes } = KEK_PARTS;
    const snapshots = new StoredSnapshots({ states, disk, directory, hashes, random, logger: quiet });
    const log = await new DiskLogs(disk).open(directory.group(1).log);
    await snapshots.finish(1, log);
    const session = await encryption.openGroup(1);
    await session.beginSealing({ last: log.last });
    return new Follower(log, session, encryption, snapshots);
  }

  async install({ incoming, pieces }: Sent): Promise<void> {
    const { signal } = new AbortController();
    const verified = await this.snapshots.group(1).receive(incoming, each(pieces), signal);
    await verified.install(this.log, { term: TERM, vote: VOTE });
  }

  content(): Promise<string> {
    return contentOf(this.session.store);
  }

  async stop(): Promise<void> {
    await this.session.close();
    this.encryption.close();
    await this.log.close();
  }
}

async function* each(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

/** Everything of users, opened. */
async function contentOf(store: Pick<GroupSession['store'], 'view'>): Promise<string> {
  const view = store.view();
  const cursor = view.scan({ from: Uint8Array.of(1) });
  const rows: string[] = [];
  for (let pairs = await cursor.next(); pairs.length > 0; pairs = await cursor.next()) {
    rows.push(...pairs.map(({ key, value }) => `${toHex(key)}=${toHex(value)}`));
  }
  await view.close();
  return rows.join('\n');
}
