/** Runs specs against one mutant after the other, as told by its parent process. */
import { fileURLToPath } from 'node:url';
import { runCLI } from 'jest';
import preset from '../../../../jest.preset.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const transform = fileURLToPath(new URL('./mutant-transform.mjs', import.meta.url));
const swc = preset.transform['^.+\\.ts$'][1];

/** @param {import('../mutants/index.mjs').Mutant | undefined} mutant @param {readonly string[]} specs */
async function run(mutant, specs) {
  const config = { ...preset, rootDir: root, transform: { '^.+\\.ts$': [transform, { swc, mutant }] } };
  const { results } = await runCLI(
    {
      _: [...specs],
      $0: '',
      config: JSON.stringify(config),
      runTestsByPath: true,
      runInBand: true,
      silent: true,
      reporters: [],
      watchman: false,
      ci: true,
    },
    [root],
  );
  const broken = results.testResults.find(({ testExecError }) => testExecError !== undefined);
  if (broken !== undefined) return { kind: 'broken', text: broken.failureMessage ?? 'a spec did not load' };
  for (const { testFilePath, testResults } of results.testResults) {
    const failed = testResults.find(({ status }) => status === 'failed');
    if (failed !== undefined)
      return { kind: 'caught', spec: testFilePath.slice(root.length), test: failed.fullName };
  }
  return { kind: 'passed', tests: results.numPassedTests };
}

process.on('message', async ({ mutant, specs }) => {
  try {
    process.send?.(await run(mutant, specs));
  } catch (error) {
    process.send?.({ kind: 'broken', text: String(error) });
  }
});
