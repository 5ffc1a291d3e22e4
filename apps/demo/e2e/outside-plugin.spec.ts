/**
 * The plugin of the guide, in a package outside the workspace that knows Caisson only from packed tarballs:
 * it passes the kit of its contract and serves a node by configuration alone.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Playground, runCli } from '../src/index.js';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../../..');
const GUIDE = join(ROOT, 'docs/guides/write-a-plugin.md');
const PACKED = ['libs/base', 'libs/contracts'];

let folder: string;
let playground: Playground;
afterEach(async () => {
  await playground?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The files of the guide: each is a code block after its name in backticks. */
async function filesOfGuide(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(GUIDE, 'utf8');
  const blocks = text.matchAll(/`([\w.-]+\.(?:js|json))`:?\n\n```\w+\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, name, content]) => [name!, content!]));
}

async function installOutside(): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), 'caisson-outside-'));
  const tarballs: string[] = [];
  for (const project of PACKED) {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: join(ROOT, project),
    });
    tarballs.push(join(folder, (JSON.parse(stdout) as { filename: string }[])[0]!.filename));
  }
  const pack = join(folder, 'plugin');
  await mkdir(pack);
  for (const [name, content] of await filesOfGuide()) await writeFile(join(pack, name), content);
  const site = join(folder, 'site');
  await mkdir(site);
  await writeFile(join(site, 'package.json'), JSON.stringify({ name: 'site', private: true }));
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', '--install-links'];
  await run('npm', ['install', ...quiet, ...tarballs, pack], { cwd: site });
  return site;
}

test('a plugin from outside passes its kit and serves a node by configuration alone', async () => {
  const site = await installOutside();
  const verified = await runCli(['plugin', 'verify', '@acme/caisson-kek-credential', '--directory', site]);
  expect([
    verified.stdout.split('\n').filter((line) => line.startsWith('FAILED')),
    verified.exitCode,
  ]).toEqual([[], 0]);
  playground = await Playground.create();
  const credentials = join(site, 'credentials');
  await mkdir(credentials);
  await writeFile(join(credentials, 'caisson-kek'), randomBytes(32), { mode: 0o600 });
  const changes = {
    'kek-file': false,
    'kek-credential': { use: '@acme/caisson-kek-credential', directory: credentials },
  };
  // Packages named by `use` are looked up beside the configuration file.
  const config = join(site, 'caisson.json');
  await writeFile(config, JSON.stringify(playground.document(changes)));
  const node = await playground.startFrom(config);
  expect((await playground.cli(node, 'put', 'greeting', 'kept by a plugin')).exitCode).toBe(0);
  await node.end('SIGTERM');
  const again = await playground.startFrom(config);
  expect((await playground.cli(again, 'get', 'greeting')).stdout).toBe('kept by a plugin');
}, 180_000);
