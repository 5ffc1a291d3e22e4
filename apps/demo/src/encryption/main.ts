import Table from 'cli-table3';
import { ClusterPlayground } from '../cluster/cluster-playground.js';
import { findCorpus } from '../corpus.js';
import {
  brokenPromises,
  type EncryptionStoryResult,
  failedShare,
  placesOf,
  runEncryptionStory,
  type StageResult,
} from './encryption-story.js';
import { UNEQUIPPED } from './operator.js';

const LINES = Number(process.argv[2] ?? 8_000);
const STAGE_MS = 5_000;
/** Leaves the rest of the machine to the three nodes, and to their versions a number that fits a minute. */
const REST_MS = 5;
const STYLE = { head: [], border: [], compact: true };

const say = (line: string) => void process.stdout.write(`${line}\n`);
const startedMs = performance.now();
const corpus = await findCorpus(LINES);
say(`From clear to sealed, and once through the life of a key, on ${corpus.name}.\n`);
const playground = await ClusterPlayground.create({ birth: 'clear', changes: UNEQUIPPED });
try {
  const result = await runEncryptionStory({
    playground,
    corpus,
    stageMs: STAGE_MS,
    restMs: REST_MS,
    tell: say,
  });
  const broken = brokenPromises(result);
  say(`\n${table(result.stages)}\n\n${ending(result, broken)}`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  await playground.remove();
}

function table(stages: readonly StageResult[]): string {
  const rows = new Table({
    head: ['stage', 'seconds', 'writes/s', 'p99 ms', 'failed', 'values found on disk', 'in'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left'],
    style: STYLE,
  });
  for (const { stage, seconds, writes, failed, p99Ms, search, isKept } of stages) {
    const { found, needles } = search;
    rows.push([
      stage,
      seconds.toFixed(1),
      String(Math.round(writes / seconds)),
      String(Math.round(p99Ms)),
      String(failed),
      `${found} of ${needles}${isKept ? '' : ' !'}`,
      placesOf(search),
    ]);
  }
  return rows.toString();
}

function ending(result: EncryptionStoryResult, broken: readonly string[]): string {
  const { writes, failures, firstKeys, readBackWrong, digests } = result;
  const share = (failedShare(result) * 100).toFixed(2);
  const codes = [...failures].map(([code, count]) => `${count} ${code}`).join(', ');
  const states = new Set([...digests.values()].map(({ digest }) => digest));
  const rows = new Table({ style: STYLE });
  rows.push(
    ['writes acknowledged', String(writes)],
    ['operations that failed', `${share} %${codes === '' ? '' : ` (${codes})`}`],
    ['read back wrong', String(readBackWrong)],
    ['states of the members', states.size === 1 ? 'one and the same' : 'DIFFERENT'],
    ['the first data keys', firstKeys.join(', ')],
    ['all of it took', `${Math.round((performance.now() - startedMs) / 1000)} s`],
    ['promises broken', broken.length === 0 ? 'none' : broken.join(', ')],
  );
  return rows.toString();
}
