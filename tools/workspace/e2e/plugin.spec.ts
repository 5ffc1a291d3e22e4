import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import devkit from '@nx/devkit/testing';
import generate from '../generators/plugin/generator.cjs';
import { KINDS } from '../generators/plugin/kinds.cjs';
import { WorkspaceCopy } from './workspace-copy.js';

interface Results {
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly name: string }[];
}

const PLUGINS = Object.keys(KINDS).map((kind) => `${kind}-planted`);
const [BY_COMMAND = '', ...BY_CALL] = PLUGINS;
const MINUTES = 60_000;

describe('a generated plugin', () => {
  const copy = new WorkspaceCopy();
  const pathOf = (path: string) => join(copy.root, path);
  const read = (path: string) => readFileSync(pathOf(path), 'utf8');
  const folderOf = (name: string) => `libs/plugins/${name}`;

  /** Runs the generator as a function: starting nx once per kind would take longer than what it shows. */
  async function generateByCall(name: string): Promise<void> {
    const tree = devkit.createTree();
    for (const path of ['package.json', 'tsconfig.json', ...copy.filesBelow('libs/contracts/src')]) {
      tree.write(path, read(path));
    }
    await generate(tree, { name, skipInstall: true });
    for (const { path, content } of tree.listChanges()) {
      if (content === null) continue;
      mkdirSync(dirname(pathOf(path)), { recursive: true });
      writeFileSync(pathOf(path), content);
    }
  }

  afterAll(() => copy.remove());

  it('comes from one command', () => {
    const { code, output } = copy.nx('g', '@caisson/workspace:plugin', BY_COMMAND, '--skipInstall');
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining(`CREATE ${folderOf(BY_COMMAND)}`),
    });
    expect(existsSync(pathOf(`${folderOf(BY_COMMAND)}/src/plugin.ts`))).toBe(true);
  });

  it('is refused where one stands already, and where the kind is unknown', () => {
    expect(copy.nx('g', '@caisson/workspace:plugin', BY_COMMAND, '--skipInstall').output).toContain(
      'exists already',
    );
    expect(copy.nx('g', '@caisson/workspace:plugin', 'cellar-planted', '--skipInstall').code).not.toBe(0);
  });

  it(
    'builds, type-checks and lints, whatever its kind',
    async () => {
      for (const name of BY_CALL) await generateByCall(name);
      for (const name of PLUGINS) copy.link(name, folderOf(name));
      const sync = copy.nx('sync');
      expect({ code: sync.code, output: sync.output }).toMatchObject({ code: 0 });
      const { code, output } = copy.nx('run-many', '-t', 'build', 'typecheck', 'lint', '-p', packages());
      expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    },
    6 * MINUTES,
  );

  it(
    'has a compliance spec that runs and fails until it works',
    () => {
      expect(copy.nx('run-many', '-t', 'test', '-p', packages()).code).not.toBe(0);
      const results = PLUGINS.map(
        (name) => JSON.parse(read(`${folderOf(name)}/test-results.json`)) as Results,
      );
      const failing = results.filter(({ numFailedTests }) => numFailedTests > 0);
      expect(failing).toHaveLength(PLUGINS.length);
      expect(results.map(({ numRuntimeErrorTestSuites }) => numRuntimeErrorTestSuites)).toEqual(
        PLUGINS.map(() => 0),
      );
      const specs = results.flatMap(({ testResults }) => testResults.map(({ name }) => name));
      expect(specs.every((name) => name.endsWith('/src/compliance.spec.ts'))).toBe(true);
    },
    6 * MINUTES,
  );

  function packages(): string {
    return PLUGINS.map((name) => `@caisson/${name}`).join(',');
  }
});
