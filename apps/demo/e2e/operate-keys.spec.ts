import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CAISSON, CAISSOND } from '../src/node-process.js';

const GUIDE = resolve(import.meta.dirname, '../../../docs/guides/operate-keys.md');

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'caisson-keys-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function blocks(): Promise<string> {
  const text = await readFile(GUIDE, 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!).join('\n');
}

async function command(name: string, script: string): Promise<void> {
  const path = join(folder, 'bin', name);
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  await chmod(path, 0o755);
}

test('the guide to operating keys runs as it stands', async () => {
  await mkdir(join(folder, 'bin'));
  await command('caisson', CAISSON);
  await command('caissond', CAISSOND);
  const stopAtTheEnd = `trap 'kill "$(cat pid)" 2> /dev/null || true' EXIT\n`;
  await writeFile(join(folder, 'guide.sh'), stopAtTheEnd + (await blocks()));
  const env = { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` };
  const { stdout } = await promisify(execFile)('bash', ['-e', 'guide.sh'], { cwd: folder, env });
  const values = 'written clear\nsealed on disk\nsealed in the log as well\nsealed under the new keys\n';
  expect(stdout.split(values)).toHaveLength(3);
  expect(stdout).toMatch(/finished/);
  expect(stdout).toMatch(/sealed since \d+ │ sealed above \d+/);
}, 240_000);
