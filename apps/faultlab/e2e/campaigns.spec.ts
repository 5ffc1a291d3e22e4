import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const SHORT = ['--profile', 'usual', '--seconds', '0.5', '--twice-every', '0'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultlab-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Kept {
  readonly runs: readonly { readonly seed: number; readonly traceHash: string }[];
}

/** Runs a campaign, and interrupts it once it has printed a line if that is asked for. */
function sim(args: readonly string[], isInterrupted = false): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, 'sim', ...SHORT, ...args], { stdio: 'pipe' });
    child.stderr.resume();
    child.stdout.once('data', () => isInterrupted && child.kill('SIGINT'));
    child.stdout.resume();
    child.on('close', resolve);
  });
}

const kept = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Kept;

test('a campaign is the same in several processes, in the order of its seeds', async () => {
  const [alone, together, ledger] = ['a.json', 'b.json', 'l'].map((name) => join(folder, name));
  const noted = ['--ledger', ledger!];
  expect(await sim(['--seeds', '4', '--json', alone!, ...noted])).toBe(0);
  expect(await sim(['--seeds', '4', '--json', together!, '--jobs', '2', ...noted])).toBe(0);
  const runs = async (file: string) =>
    (await kept(file)).runs.map(({ seed, traceHash }) => [seed, traceHash]);
  expect(await runs(together!)).toEqual(await runs(alone!));
  const lines = (await readFile(ledger!, 'utf8')).trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { schedules: number }).schedules)).toEqual([4, 4]);
});

test('a campaign that was interrupted goes on from its report', async () => {
  const report = join(folder, 'c.json');
  expect(await sim(['--seeds', '50', '--json', report], true)).toBe(130);
  const before = (await kept(report)).runs;
  expect(before.length).toBeLessThan(50);
  const seeds = ['--seeds', String(before.length + 3)];
  expect(await sim([...seeds, '--resume', report, '--json', report, '--jobs', '2'])).toBe(0);
  const { runs } = await kept(report);
  expect(runs.map(({ seed }) => seed)).toEqual(Array.from({ length: before.length + 3 }, (_, at) => at + 1));
  expect(runs.slice(0, before.length)).toEqual(before);
});

test('a report of other storms is not gone on with', async () => {
  const report = join(folder, 'd.json');
  expect(await sim(['--seeds', '1', '--json', report])).toBe(0);
  expect(await sim(['--seeds', '1', '--resume', report, '--plant', 'skips-effects'])).toBe(2);
});
