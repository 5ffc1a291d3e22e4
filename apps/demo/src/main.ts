import Table from 'cli-table3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCorpus } from './corpus.js';
import { runMainJob, type MainJobResult } from './main-job.js';

const LINES = Number(process.argv[2] ?? 100_000);

const say = (line: string) => void process.stdout.write(`${line}\n`);
const corpus = await findCorpus(LINES);
say(`Corpus: ${corpus.lines.length} lines of ${corpus.name}\n`);
const results: MainJobResult[] = [];
for (const encrypted of [true, false]) {
  const folder = await mkdtemp(join(tmpdir(), 'caisson-demo-'));
  say(encrypted ? 'With encryption' : '\nWithout encryption, to show that the search finds what is there');
  try {
    results.push(await runMainJob({ corpus, folder, encrypted, tell: (line) => say(`  ${line}`) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
say(`\n${summary(results)}`);
process.exitCode = isAsPromised(results) ? 0 : 1;

function summary([sealed, clear]: readonly MainJobResult[]): string {
  const table = new Table({ head: ['', 'encrypted', 'not encrypted'], style: { head: [], border: [] } });
  const row = (name: string, of: (result: MainJobResult) => string) => [name, of(sealed!), of(clear!)];
  table.push(
    row('lines imported', (result) => String(result.lines)),
    row('acknowledged when killed', (result) => String(result.killedAfterRecords)),
    row('acknowledged and missing', (result) => String(result.acknowledgedMissing)),
    row('read back wrong', (result) => String(result.readBackWrong)),
    row('export equals source', (result) => (result.exportEqual ? 'yes' : 'NO')),
    row('bytes searched', ({ search }) => String(search.bytesSearched)),
    row('values found on disk', ({ search }) => `${search.found} of ${search.needles}`),
  );
  return table.toString();
}

function isAsPromised([sealed, clear]: readonly MainJobResult[]): boolean {
  const whole = [sealed!, clear!].every(
    (result) => result.acknowledgedMissing === 0 && result.readBackWrong === 0 && result.exportEqual,
  );
  return whole && sealed!.search.found === 0 && clear!.search.found >= clear!.search.needles * 0.99;
}
