import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function faultlab(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultlab-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a planted failure is found, kept, drawn, and repeated from its plan', async () => {
  const [report, page, plan] = ['report.json', 'page.html', 'plan.json'].map((name) => join(folder, name));
  const found = ['--profile', 'usual', '--seconds', '2', '--plant', 'skips-effects'];
  expect(await faultlab('sim', '--seeds', '1', ...found, '--json', report!)).toMatchObject({ code: 3 });
  expect(JSON.parse(await readFile(report!, 'utf8'))).toMatchObject({ verdict: { class: 'safety' } });
  expect(await faultlab('report', report!, '--html', page!)).toMatchObject({ code: 3 });
  expect(await readFile(page!, 'utf8')).toContain('skips-effects');
  await writeFile(plan!, JSON.stringify(JSON.parse(await readFile(report!, 'utf8')).runs[0].plan));
  expect(await faultlab('replay', '--plan', plan!)).toMatchObject({ code: 3 });
});

test('another run than the one that was expected ends with a code of its own', async () => {
  const { code, stdout } = await faultlab('replay', '--seed', '1', '--seconds', '1', '--expect', '0');
  expect([code, stdout.includes('H1')]).toEqual([6, true]);
});

test('what cannot be done is said before anything runs', async () => {
  const bad = join(folder, 'bad.json');
  await writeFile(bad, JSON.stringify({ schema: 'caisson.faultlab.plan/v1', seed: 1 }));
  const calls = [['replay'], ['sim', '--seeds', '0'], ['replay', '--plan', bad], ['report', bad], ['storm']];
  const ended = await Promise.all(calls.map((args) => faultlab(...args)));
  expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  expect(ended[2]!.stderr).toContain('isEncrypted');
});

test('each command shows an example of itself', async () => {
  const commands = ['sim', 'replay', 'shrink', 'mutants', 'report'];
  const helps = await Promise.all(commands.map((name) => faultlab(name, '--help')));
  expect(helps.map(({ code, stdout }) => [code, stdout.includes('Example:')])).toEqual(
    commands.map(() => [0, true]),
  );
});
