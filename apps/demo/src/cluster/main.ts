import Table from 'cli-table3';
import { findCorpus } from '../corpus.js';
import { ClusterPlayground } from './cluster-playground.js';
import { isAsPromised, runClusterStory, type ClusterStoryResult } from './cluster-story.js';

const LINES = Number(process.argv[2] ?? 60_000);
const LINES_PER_SECOND = 1_500;

const say = (line: string) => void process.stdout.write(`${line}\n`);
const corpus = await findCorpus(LINES);
say(`Corpus: ${corpus.lines.length} lines of ${corpus.name}, written through one node without pause\n`);
const playground = await ClusterPlayground.create();
try {
  const tell = (line: string) => say(`  ${line}`);
  const result = await runClusterStory({ playground, corpus, linesPerSecond: LINES_PER_SECOND, tell });
  say(`\n${chapters(result)}\n\n${ending(result)}`);
  process.exitCode = isAsPromised(result) ? 0 : 1;
} finally {
  await playground.remove();
}

function chapters(result: ClusterStoryResult): string {
  const table = new Table({
    head: ['what happened', 'took', 'acknowledged meanwhile', 'longest pause of writes'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { what, seconds, acknowledged, longestPauseMs } of result.chapters) {
    table.push([what, `${seconds.toFixed(1)} s`, `${acknowledged} lines`, `${longestPauseMs} ms`]);
  }
  return table.toString();
}

function ending({ lines, digests, readBackWrong, search }: ClusterStoryResult): string {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['lines acknowledged', String(lines)],
    ['acknowledged and missing or wrong', String(readBackWrong)],
    ...[...digests].map(([name, { digest, position }]) => [
      `state of ${name}`,
      `${digest.slice(0, 32)}… at ${position}`,
    ]),
    ['values readable on any disk', `${search.found} of ${search.needles} in ${search.bytesSearched} bytes`],
  );
  return table.toString();
}
