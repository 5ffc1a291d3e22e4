import { argv } from 'node:process';
import { SERIES, type SeriesName } from './series.js';
import { codeOf, parseTold, tellDone, ToldSteps } from './told.js';
import { readFile } from 'node:fs/promises';

/**
 * One process of a series: `victim.js <series> <part> <folder> [what was told]`. It ends as a crash would,
 * with nothing closed, and with a line of JSON on standard error that says how it got there.
 */
const [name, part, folder, told] = argv.slice(2) as [SeriesName, string, string, string];
const series = await SERIES[name].load();

const PARTS: Readonly<Record<string, () => Promise<object>>> = {
  prepare: async () => ({ done: await series.prepare(folder) }),
  run: () => run(false),
  'run-hastily': () => run(true),
  recover: async () => ({ done: await series.recover(folder) }),
  judge: async () => ({ broken: await series.judge(folder, parseTold(await readFile(told, 'utf8'))) }),
};

process.stderr.write(`${JSON.stringify(await outcome(PARTS[part]!))}\n`, () =>
  process.kill(process.pid, 'SIGKILL'),
);

async function run(isHasty: boolean): Promise<object> {
  await series.run(folder, new ToldSteps({ isHasty }));
  tellDone();
  return {};
}

async function outcome(work: () => Promise<object>): Promise<object> {
  try {
    return await work();
  } catch (error) {
    return { code: codeOf(error), text: String(error) };
  }
}
