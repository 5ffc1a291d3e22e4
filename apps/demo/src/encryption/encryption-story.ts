import { type CaissonClient, connect } from '@caisson/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterPlayground, NodeDigest } from '../cluster/cluster-playground.js';
import { agreeingDigests, countWrong } from '../cluster/cluster-story.js';
import type { Corpus } from '../corpus.js';
import { keyOf } from '../main-job.js';
import { ConstantLoad, type LoadLap } from './constant-load.js';
import { AREAS, searchLive, type SearchReport } from './live-search.js';
import { Operator } from './operator.js';
import { type Stage, type StageContext, STAGES } from './stages.js';

export interface EncryptionStoryOptions {
  /** Born clear, and not founded yet. */
  readonly playground: ClusterPlayground;
  readonly corpus: Corpus;
  /** How long a stage lasts at least. */
  readonly stageMs: number;
  /** How long a writer rests between two writes. Default: not at all. */
  readonly restMs?: number;
  readonly tell: (line: string) => void;
}

export interface StageResult extends LoadLap {
  readonly stage: string;
  readonly search: SearchReport;
  readonly isKept: boolean;
}

export interface EncryptionStoryResult {
  readonly stages: readonly StageResult[];
  /** From the first stage to the last, searches included. */
  readonly writes: number;
  readonly failures: ReadonlyMap<string, number>;
  /** What became of the first keys: nodes list what they still have. */
  readonly firstKeys: readonly string[];
  readonly readBackWrong: number;
  readonly digests: ReadonlyMap<string, NodeDigest>;
}

const LANES = 4;
const BATCH_LINES = 100;
const DEADLINE_MS = 30_000;
const FAILED_SHARE_MAX = 0.01;

/**
 * A cluster starts clear with real values and goes through everything that can be done about keys, while a
 * client writes without pause and every byte of every disk is searched after each stage.
 */
export async function runEncryptionStory(options: EncryptionStoryOptions): Promise<EncryptionStoryResult> {
  const { playground, corpus, tell } = options;
  const operator = new Operator(playground);
  await operator.found();
  const address = playground.nodes.map(({ ports }) => ports.client);
  const client = connect({ address, tls: await playground.clientTls('app'), deadlineMs: DEADLINE_MS });
  try {
    await fill(client, corpus.lines);
    tell(`Three nodes hold ${corpus.lines.length} lines; a client goes on writing them, over and over.\n`);
    const { restMs = 0 } = options;
    const load = new ConstantLoad({ client, lines: corpus.lines, keyOf, lanes: LANES, restMs });
    const context: StageContext = { operator, firstKeys: [] };
    const stages: StageResult[] = [];
    try {
      for (const stage of STAGES) stages.push(await play(stage, context, { ...options, load }));
    } finally {
      await load.stop();
    }
    return { stages, ...load.total, ...(await examine(options, context, client)) };
  } finally {
    client.close();
  }
}

interface Playing extends EncryptionStoryOptions {
  readonly load: ConstantLoad;
}

/** The search comes behind the measurement, and is in none. */
async function play(
  stage: Stage,
  context: StageContext,
  { load, stageMs, playground, corpus, tell }: Playing,
): Promise<StageResult> {
  tell(`${stage.name}\n  ${stage.prose}`);
  load.lap();
  const isOver = sleep(stageMs);
  await stage.carryOut(context);
  await isOver;
  const lap = load.lap();
  tell(`  ${inWords(lap)}`);
  const search = await searchLive({ folder: playground.folder, lines: corpus.lines });
  const isKept = stage.promise.isKept(search);
  const verdict = isKept ? stage.promise.inWords : 'NOT AS PROMISED';
  tell(`  disks: ${places(search)}: ${verdict}\n`);
  return { stage: stage.name, ...lap, search, isKept };
}

async function examine(
  { playground, corpus, tell }: EncryptionStoryOptions,
  { operator, firstKeys }: StageContext,
  client: CaissonClient,
) {
  const readBackWrong = await countWrong(client, corpus.lines);
  tell(`read back all of it: ${readBackWrong} wrong`);
  const digests = await agreeingDigests(playground);
  const { keys } = await operator.status();
  const states = firstKeys.map((id) => keys.find(({ keyId }) => keyId === id)?.state ?? 'erased');
  return { readBackWrong, digests, firstKeys: states };
}

async function fill(client: CaissonClient, lines: readonly string[]): Promise<void> {
  for (let first = 0; first < lines.length; first += BATCH_LINES) {
    const mutations = lines.slice(first, first + BATCH_LINES).map((line, at) => ({
      op: 'put' as const,
      key: Buffer.from(keyOf(first + at)),
      value: Buffer.from(line),
    }));
    await client.write({ mutations });
  }
}

function inWords({ seconds, writes, failed, p99Ms }: LoadLap): string {
  const speed = Math.round(writes / seconds);
  return `${seconds.toFixed(1)} s, ${speed} writes/s, p99 ${Math.round(p99Ms)} ms, ${failed} failed`;
}

/** Where values are still readable. */
export function placesOf({ areas }: SearchReport): string {
  return AREAS.filter((area) => (areas[area] ?? 0) > 0).join(' and ');
}

function places({ found, needles, areas, bytesSearched }: SearchReport): string {
  const size = `${(bytesSearched / 2 ** 20).toFixed(0)} MiB searched`;
  if (found === 0) return `0 of ${needles} values readable, ${size}`;
  const { stores = 0, logs = 0 } = areas;
  return `${found} of ${needles} values readable (stores ${stores}, logs ${logs}), ${size}`;
}

/** What the story did not keep, in words; empty when it kept everything. */
export function brokenPromises(result: EncryptionStoryResult): readonly string[] {
  const { stages, writes, failures, firstKeys, readBackWrong, digests } = result;
  const broken = stages.filter(({ isKept }) => !isKept).map(({ stage }) => `disks after ${stage}`);
  if (failedShare({ writes, failures }) >= FAILED_SHARE_MAX) broken.push('failed operations');
  if (stages.some((stage) => stage.writes === 0)) broken.push('a client that writes without pause');
  if (readBackWrong > 0) broken.push('values read back');
  if (firstKeys.length !== 2 || firstKeys.some((state) => state !== 'erased')) broken.push('first keys');
  const states = new Set([...digests.values()].map(({ digest, position }) => `${position} ${digest}`));
  if (states.size !== 1 || digests.size !== 3) broken.push('one state on every member');
  return broken;
}

export function failedShare({
  writes,
  failures,
}: Pick<EncryptionStoryResult, 'writes' | 'failures'>): number {
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  return failed / Math.max(1, writes + failed);
}
