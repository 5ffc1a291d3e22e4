import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const GUIDE = resolve(import.meta.dirname, '../../../docs/guides/custom-build.md');
const LINES_MAX = 40;

test('the custom build of the guide is short, and runs as it stands', async () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(await readFile(GUIDE, 'utf8'))!;
  expect(program!.trim().split('\n').length).toBeLessThan(LINES_MAX);
  // Inside the workspace, so that the packages resolve as they would in a project that installed them.
  const folder = resolve(import.meta.dirname, '../.caisson');
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, 'custom-'));
  try {
    const file = join(own, 'main.mjs');
    await writeFile(file, program!);
    const child = spawn(process.execPath, [file, own], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    await once(child, 'close');
    expect([out, child.exitCode, err.includes('error')]).toEqual([
      'hello from a custom build\ntrue\n',
      0,
      false,
    ]);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
});
