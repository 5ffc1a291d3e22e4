import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const STORM = ['--seed', '4', '--seconds', '2', '--json', '-'];

interface Answer {
  readonly runs: readonly {
    readonly traceHash: string;
    readonly findings: readonly { readonly rule: string; readonly text: string }[];
  }[];
}

/** One storm in a process of its own. */
function faultlab(...args: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 2 ** 26 }, (error, stdout) => {
      if (stdout === '') reject(error!);
      else resolve(JSON.parse(stdout) as Answer);
    });
  });
}

test('a seed is one run: in a campaign and under replay, each in its process', async () => {
  const campaign = ['sim', '--seeds', '1', '--from', '4', '--seconds', '2', '--json', '-'];
  const answers = [await faultlab(...campaign), await faultlab('replay', ...STORM)];
  const hashes = answers.map(({ runs }) => runs[0]!.traceHash);
  expect(hashes).toEqual([hashes[0], hashes[0]]);
  expect(answers.flatMap(({ runs }) => runs[0]!.findings)).toEqual([]);
});

test('a promise that nobody looks after is told of, with the process whose work it was', async () => {
  const { runs } = await faultlab('replay', ...STORM, '--plant', 'forsakes-a-promise');
  const told = runs[0]!.findings.filter(({ rule }) => rule === 'H9');
  expect(told[0]?.text).toMatch(/^nobody looks after a promise by process 1 of n1: RangeError: forsaken/);
});

test('a look at the disk of the real machine is seen, though no call of it throws', async () => {
  const { runs } = await faultlab('replay', ...STORM, '--plant', 'asks-a-real-disk');
  const told = runs[0]!.findings.filter(({ rule }) => rule === 'H9');
  expect(told[0]?.text).toBe('begun in a simulated turn: FSReqPromise');
});
