import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const GUIDE = fileURLToPath(new URL('../../../docs/guides/faultlab.md', import.meta.url));
const SYNC = '      await file.sync();\n';
const STORMS = ['--profile', 'usual', '--seconds', '2', '--twice-every', '0'];

let folder: string;
let store: string;
let config: string;

/** As the guide has them. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultlab-'));
  config = join(folder, 'faultlab.json');
  const section = (await readFile(GUIDE, 'utf8')).split('## Your own store')[1]!;
  store = block(section, 'js');
  await writeFile(config, block(section, 'json'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(MODULES, join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function block(text: string, language: string): string {
  return text.split(`\`\`\`${language}\n`)[1]!.split('```')[0]!;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function sim(source: string, ...args: readonly string[]): Promise<Ended> {
  await writeFile(join(folder, 'journal-store.js'), source);
  return new Promise((resolve) => {
    const all = [MAIN, 'sim', ...STORMS, '--config', config, ...args];
    const child = execFile(process.execPath, all, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

test("somebody's store goes through storms, and nothing breaks", async () => {
  expect(await sim(store, '--seeds', '2', '--jobs', '2')).toMatchObject({ code: 0, stderr: '' });
});

test('the same store breaks a rule when it does not sync what it promises', async () => {
  expect(store).toContain(SYNC);
  const { code, stdout } = await sim(store.replace(SYNC, ''), '--seeds', '2');
  expect(stdout).toMatch(/BROKEN (R|T|L|E)\d/);
  expect([3, 4, 5]).toContain(code);
});

test('what a simulation cannot take from a plugin is refused, with the reason', async () => {
  const transport = store.replaceAll('UntrustedStores', 'RaftTransport');
  const { code, stderr } = await sim(transport, '--seeds', '1');
  expect(code).toBe(2);
  expect(stderr).toContain('provides RaftTransport; a simulation takes UntrustedStores and RaftLogs');
});
