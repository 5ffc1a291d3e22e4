import { connect } from '@caisson/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Corpus } from '../corpus.js';
import { searchDisk, type SearchResult } from '../disk-search.js';
import { keyOf } from '../main-job.js';
import type { ClusterNode } from './cluster-node.js';
import type { ClusterPlayground, NodeDigest } from './cluster-playground.js';
import { SteadyWriter, type Stretch } from './steady-writer.js';

export interface ClusterStoryOptions {
  readonly playground: ClusterPlayground;
  readonly corpus: Corpus;
  readonly linesPerSecond: number;
  readonly tell: (line: string) => void;
}

/** One thing that happened to the cluster, and to its clients meanwhile. */
export interface Chapter extends Stretch {
  readonly what: string;
  /** Nobody was elected meanwhile, so nothing excuses a client that got nowhere. */
  readonly ledThroughout: boolean;
  /** It lasted for so many turns of the writer that one without an acknowledgement says something. */
  readonly isTelling: boolean;
}

export interface ClusterStoryResult {
  readonly lines: number;
  readonly chapters: readonly Chapter[];
  /** Of every member at the end, by name. */
  readonly digests: ReadonlyMap<string, NodeDigest>;
  readonly readBackWrong: number;
  /** Over the data directories of all nodes, removed ones included. */
  readonly search: SearchResult;
}

const AWAY_MS = 2_000;
const TELLING_STRIDES = 25;

/**
 * The life of a cluster under a client that writes without pause: members are killed, frozen, added,
 * promoted, given the lead, and removed, never two away at once.
 */
export async function runClusterStory(options: ClusterStoryOptions): Promise<ClusterStoryResult> {
  const { playground, corpus, tell } = options;
  const n1 = await playground.found('n1');
  tell('n1 founded an encrypted cluster');
  const n2 = await playground.join('n2', n1);
  const n3 = await playground.join('n3', n1);
  tell('n2 and n3 joined it with a token, and vote');
  const client = connect({ address: n1.ports.client, tls: await playground.clientTls('app') });
  try {
    const { lines } = corpus;
    const writer = new SteadyWriter({ client, lines, keyOf, linesPerSecond: options.linesPerSecond });
    const chapters = await live(new Teller(writer, playground, tell), playground, [n1, n2, n3]);
    writer.hurry();
    await writer.done;
    tell(`all ${lines.length} lines are acknowledged, in ${writer.acknowledged} writes`);
    return await examine(playground, { lines, chapters, client, tell });
  } finally {
    client.close();
  }
}

/** Tells each chapter when it is over, with what the writer noticed. */
class Teller {
  readonly chapters: Chapter[] = [];
  readonly #writer: SteadyWriter;
  readonly #playground: ClusterPlayground;
  readonly #tell: (line: string) => void;

  constructor(writer: SteadyWriter, playground: ClusterPlayground, tell: (line: string) => void) {
    this.#writer = writer;
    this.#playground = playground;
    this.#tell = tell;
    writer.lap();
  }

  async chapter(what: string, happen: () => Promise<unknown>): Promise<void> {
    const elections = this.#elections();
    this.#writer.lap();
    await happen();
    const stretch = this.#writer.lap();
    const ledThroughout = this.#elections() === elections;
    const isTelling = stretch.seconds * 1000 >= TELLING_STRIDES * this.#writer.strideMs;
    const chapter = { what, ...stretch, ledThroughout, isTelling };
    this.chapters.push(chapter);
    const { seconds, acknowledged, longestPauseMs } = chapter;
    this.#tell(
      `${what}: ${seconds.toFixed(1)} s, ${acknowledged} lines acknowledged meanwhile, longest pause ${longestPauseMs} ms`,
    );
  }

  /** How often the nodes that run now took the lead, by their own logs. */
  #elections(): number {
    const running = this.#playground.nodes.filter((node) => node.runs);
    return running.reduce((sum, { process }) => sum + process.log.split('leads the group').length - 1, 0);
  }
}

async function live(
  teller: Teller,
  playground: ClusterPlayground,
  [n1, n2, n3]: readonly ClusterNode[],
): Promise<readonly Chapter[]> {
  const [first, killed, frozen] = [n1!, n2!, n3!];
  await teller.chapter('nothing happens', () => sleep(AWAY_MS));
  await teller.chapter('n2 is killed with SIGKILL and comes back', async () => {
    await killed.end('SIGKILL');
    await sleep(AWAY_MS);
    await killed.start();
    await caughtUp(playground, first, killed);
  });
  await teller.chapter('n3 is stopped with SIGSTOP and continued', async () => {
    frozen.process.freeze();
    await sleep(AWAY_MS);
    frozen.process.thaw();
    await caughtUp(playground, first, frozen);
  });
  await teller.chapter('n4 joins as a learner', async () => {
    await playground.join('n4', first, '--learner');
  });
  await teller.chapter('n4 is promoted', () => playground.ops(first, 'promote', 'n4'));
  await teller.chapter('the lead goes to n2', () => playground.ops(first, 'transfer', 'n2'));
  await teller.chapter('n2, the leader, is removed', async () => {
    await playground.ops(first, 'remove', 'n2');
    await killed.end('SIGTERM');
  });
  return teller.chapters;
}

/** Waits until `node` has everything that `reference` had when this was called. */
async function caughtUp(
  playground: ClusterPlayground,
  reference: ClusterNode,
  node: ClusterNode,
): Promise<void> {
  const { position } = await playground.digestOf(reference);
  await playground.digestOf(node, position);
}

interface Examined {
  readonly lines: readonly string[];
  readonly chapters: readonly Chapter[];
  readonly client: ReturnType<typeof connect>;
  readonly tell: (line: string) => void;
}

async function examine(
  playground: ClusterPlayground,
  { lines, chapters, client, tell }: Examined,
): Promise<ClusterStoryResult> {
  const readBackWrong = await countWrong(client, lines);
  tell(`read back all of it: ${readBackWrong} wrong`);
  const digests = await agreeingDigests(playground);
  tell(`digest of the decrypted state on each member: ${[...digests.values()].map(short).join(', ')}`);
  for (const node of playground.nodes) await node.end('SIGTERM');
  const search = await searchDisk(playground.folder, lines);
  tell(
    `searched ${search.bytesSearched} bytes of all data directories: ${search.found} of ${search.needles} values`,
  );
  return { lines: lines.length, chapters, digests, readBackWrong, search };
}

const short = ({ digest, position }: NodeDigest) => `${digest.slice(0, 12)}… at ${position}`;
const ROUNDS_MAX = 20;

/** Digests of all running members at one position; a late housekeeping entry only costs another round. */
export async function agreeingDigests(playground: ClusterPlayground): Promise<Map<string, NodeDigest>> {
  const running = playground.nodes.filter((node) => node.runs);
  for (let round = 1; ; round++) {
    const { position } = await playground.digestOf(running[0]!);
    const digests = new Map<string, NodeDigest>();
    for (const node of running) digests.set(node.name, await playground.digestOf(node, position));
    const positions = new Set([...digests.values()].map((digest) => digest.position));
    if (positions.size === 1 || round === ROUNDS_MAX) return digests;
  }
}

/** Lines that do not read back as they were written. */
export async function countWrong(
  client: ReturnType<typeof connect>,
  lines: readonly string[],
): Promise<number> {
  let right = 0;
  let at = 0;
  for await (const { key, value } of client.scan({
    from: keyOf(0),
    to: keyOf(lines.length),
    pageSize: 5000,
  })) {
    if (Buffer.from(key).toString() !== keyOf(at)) break;
    if (Buffer.from(value!).equals(Buffer.from(lines[at]!))) right++;
    at++;
  }
  return lines.length - right;
}

/** Whether the story ended as promised: nothing lost, one state everywhere, nothing readable on disk. */
export function isAsPromised({ digests, readBackWrong, search }: ClusterStoryResult): boolean {
  const states = new Set([...digests.values()].map(({ digest, position }) => `${position} ${digest}`));
  return readBackWrong === 0 && states.size === 1 && digests.size === 3 && search.found === 0;
}
