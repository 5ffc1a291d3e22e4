import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GuidePlugin } from './guide-plugins.js';

const REST = '    rest = lines.pop();\n';
const STORM = ['sim', '--profile', 'usual', '--seeds', '1', '--seconds', '2'];

let lines: GuidePlugin;

beforeAll(async () => {
  lines = await GuidePlugin.of('Your own transport');
});
afterAll(() => lines.remove());

test("somebody's transport goes through a storm twice, and it is one storm", async () => {
  const ended = await lines.run(lines.source, ...STORM, '--from', '2', '--twice-every', '1');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
});

test('its wire is cut, half open, flipped and reset, and nothing breaks', async () => {
  const kinds = [['cut'], ['heal'], ['mute'], ['heal'], ['reset'], ['flip']] as const;
  const steps = kinds.map(([kind], at) => ({ atMs: 200 + 300 * at, fault: { kind, ...linksOf(kind) } }));
  const plan = { schema: 'caisson.faultlab.plan/v1', seed: 5, isEncrypted: true, hasShortLogs: true };
  const path = join(lines.folder, 'plan.json');
  await writeFile(path, JSON.stringify({ ...plan, stormMs: 2500, steps }));
  const { code, stdout } = await lines.run(lines.source, 'replay', '--plan', path);
  expect(stdout).toMatch(/other bytes|flipped/);
  expect(code).toBe(0);
});

test('a transport that takes a piece for a message breaks a rule', async () => {
  expect(lines.source).toContain(REST);
  const { code, stdout } = await lines.run(lines.source.replace(REST, "    rest = '';\n"), ...STORM);
  expect(stdout).toMatch(/BROKEN L\d/);
  expect(code).toBe(5);
});

test('a transport over sockets of the machine breaks H9', async () => {
  const real = lines.source
    .replace('import { Wire }', "import { createServer } from 'node:net';\nimport { Wire }")
    .replace(
      '  listen() {\n',
      '  listen() {\n    const server = createServer().listen(0, () => server.close());\n',
    );
  const { code, stdout } = await lines.run(real, ...STORM);
  expect(stdout).toContain('H9');
  expect(code).toBe(6);
});

test('the conformance kit runs over the wire, and the transport passes', async () => {
  await writeFile(join(lines.folder, lines.file), lines.source);
  await writeFile(join(lines.folder, 'kit.js'), lines.blocks('js')[1]!);
  const { stdout } = await promisify(execFile)(process.execPath, [join(lines.folder, 'kit.js')]);
  expect(stdout).toContain('passed transport/delivers-no-frame-twice');
  expect(stdout).not.toMatch(/failed|skipped/);
  expect(await readFile(join(lines.folder, 'faultlab.json'), 'utf8')).toContain(lines.file);
});

function linksOf(kind: string): object {
  if (kind === 'heal') return {};
  return {
    links: [
      ['n1', 'n2'],
      ['n2', 'n1'],
      ['n1', 'n3'],
    ],
  };
}
