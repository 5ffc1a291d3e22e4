import { ERRORS } from '@caisson/contracts';
import { jest } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Playground, runCli, type NodeProcess, type Ran } from '../src/index.js';

// One test is up to twenty processes.
jest.setTimeout(180_000);

let playground: Playground;
let node: NodeProcess;
const cli = (...args: string[]): Promise<Ran> => playground.cli(node, ...args);
const withInput = (input: string, ...args: string[]) => runCli([...args, '--address', node.address], input);

beforeAll(async () => {
  playground = await Playground.create();
  node = await playground.start();
});
afterAll(() => playground.remove());

test('put, get, del and cas do what they say, with exit codes a script can use', async () => {
  expect((await cli('put', 'a', 'first')).exitCode).toBe(0);
  expect(await cli('get', 'a')).toMatchObject({ stdout: 'first', exitCode: 0 });
  expect((await cli('get', 'nothing')).exitCode).toBe(1);
  expect((await cli('cas', 'a', 'second', '--expect', 'first')).exitCode).toBe(0);
  expect((await cli('cas', 'a', 'third', '--expect', 'first')).exitCode).toBe(1);
  expect((await cli('cas', 'lock', 'me', '--absent')).exitCode).toBe(0);
  expect((await cli('del', 'a')).exitCode).toBe(0);
  expect((await cli('del', 'a')).exitCode).toBe(1);
});

test('--json prints documents, bytes that are not text as base64, timestamps whole', async () => {
  await cli('put', '--encoding', 'hex', 'ff00', 'c328');
  const { stdout } = await cli('get', '--encoding', 'hex', 'ff00', '--json');
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ keyBase64: '/wA=', found: true, valueBase64: 'wyg=' });
  expect(found.commitTs).toMatch(/^\d{15,}$/);
  const absent = JSON.parse((await cli('get', 'nothing', '--json')).stdout);
  expect(absent).toEqual({ key: 'nothing', found: false });
});

test('scan lists in order, both ways, within limits', async () => {
  for (const key of ['s/1', 's/2', 's/3']) await cli('put', key, `value of ${key}`);
  expect((await cli('scan', '--prefix', 's/')).stdout.split('\n')[0]).toBe('s/1\tvalue of s/1');
  const reverse = await cli('scan', '--prefix', 's/', '--reverse', '--keys-only', '--limit', '2');
  expect(reverse.stdout).toBe('s/3\ns/2\n');
});

test('a batch is one write, and a malformed line changes nothing', async () => {
  const lines = '{"key":"b/1","value":"x"}\n{"key":"b/2","value":"y"}\n{"key":"s/1","delete":true}\n';
  expect((await withInput(lines, 'batch')).exitCode).toBe(0);
  expect((await cli('get', 'b/2')).stdout).toBe('y');
  expect((await cli('get', 's/1')).exitCode).toBe(1);
  const refused = await withInput('{"key":"b/3","value":"x"}\n{"value":"hidden"}\n', 'batch');
  expect(refused.exitCode).toBe(ERRORS.INVALID_ARGUMENT.exit);
  expect(refused.stderr).toContain('line=2');
  expect(refused.stderr).not.toContain('hidden');
  expect((await cli('get', 'b/3')).exitCode).toBe(1);
});

test('values may expire', async () => {
  await cli('put', 'short', 'lived', '--ttl', '1');
  expect((await cli('get', 'short')).exitCode).toBe(1);
});

test('CSV is imported by column or as whole rows', async () => {
  const file = join(playground.folder, 'people.csv');
  await writeFile(file, 'id,name\n7,"Lovelace, Ada"\n8,Grace\n');
  expect((await cli('import', file, '--key-column', 'id', '--value-column', 'name')).exitCode).toBe(0);
  expect((await cli('get', '7')).stdout).toBe('Lovelace, Ada');
  await cli('import', file, '--key-column', 'name');
  expect(JSON.parse((await cli('get', 'Grace')).stdout)).toEqual({ id: '8', name: 'Grace' });
});

test('an import and an export are byte-equal, whatever the bytes', async () => {
  const records = Array.from({ length: 300 }, (_, at) => {
    const key = Buffer.concat([Buffer.from('rt/'), Buffer.from([at >> 8, at & 255])]);
    return { key, value: randomBytes(at) };
  });
  const source = join(playground.folder, 'round.jsonl');
  const line = (pair: { key: Buffer; value: Buffer }) =>
    JSON.stringify({ keyBase64: pair.key.toString('base64'), valueBase64: pair.value.toString('base64') });
  await writeFile(source, records.map((pair) => `${line(pair)}\n`).join(''));
  expect((await cli('import', source)).exitCode).toBe(0);
  const [one, two] = [join(playground.folder, 'one.jsonl'), join(playground.folder, 'two.jsonl')];
  await cli('export', one, '--prefix', 'rt/');
  await cli('del', '--prefix', 'rt/');
  expect((await cli('scan', '--prefix', 'rt/')).stdout).toBe('');
  await cli('import', one);
  await cli('export', two, '--prefix', 'rt/');
  const exported = (await readFile(two, 'utf8')).trim().split('\n');
  expect(await readFile(two)).toEqual(await readFile(one));
  expect(exported).toHaveLength(records.length);
  exported.forEach((text, at) => {
    const { value, valueBase64 } = JSON.parse(text) as { value?: string; valueBase64?: string };
    const bytes = value !== undefined ? Buffer.from(value) : Buffer.from(valueBase64!, 'base64');
    expect(bytes).toEqual(records[at]!.value);
  });
});

test('an interrupted import resumes where it was acknowledged', async () => {
  const file = join(playground.folder, 'broken.jsonl');
  const good = Array.from({ length: 500 }, (_, at) => `{"key":"im/${at}","value":"${at}"}\n`).join('');
  await writeFile(file, `${good}not json\n`);
  const first = await cli('import', file, '--batch', '50');
  expect(first.exitCode).toBe(ERRORS.INVALID_ARGUMENT.exit);
  expect(first.stderr).toContain('run again to resume');
  const again = await cli('import', file, '--batch', '50');
  expect(again.stderr).toMatch(/resuming after \d+ records/);
});

test('status and doctor tell how things are', async () => {
  const status = JSON.parse((await cli('status', '--json')).stdout);
  expect(status).toMatchObject({
    nodeName: 'n1',
    ready: true,
    encryption: { enabled: true, bornEncrypted: true },
  });
  expect((await cli('status')).stdout).toContain('envelope version 2');
  const config = await playground.writeConfig();
  const doctor = await cli('doctor', '--config', config, '--data-dir', playground.dataDir);
  expect(doctor).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('n1 is ready') });
  const nobody = await runCli(['doctor', '--address', '127.0.0.1:1', '--timeout', '300', '--json']);
  expect(nobody.exitCode).toBe(1);
});

test('errors are one line with code and way out, and a document with --json', async () => {
  const long = await cli('put', 'k'.repeat(65 * 1024), 'v');
  expect(long.exitCode).toBe(ERRORS.INVALID_ARGUMENT.exit);
  expect(long.stderr).toContain('limit=65536');
  const json = JSON.parse((await cli('put', 'k'.repeat(65 * 1024), 'v', '--json')).stdout);
  expect(json.error).toMatchObject({ code: 'INVALID_ARGUMENT', retry: 'never' });
});

test('the configuration can be checked, printed and drawn without a server', async () => {
  const config = await playground.writeConfig();
  expect(await runCli(['config', 'check', '--config', config])).toMatchObject({ exitCode: 0 });
  const printed = await runCli(['config', 'print', '--config', config, '--set', 'a.b=7', '--json']);
  expect(JSON.parse(printed.stdout)).toMatchObject({ a: { b: 7 } });
  expect((await runCli(['plugin', 'graph', '--config', config])).stdout).toMatch(/^flowchart LR/);
});

test('every command has help with an example, and shells can complete them', async () => {
  const help = (await runCli(['--help'])).stdout;
  const commands = [...help.matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'help');
  expect(commands.length).toBeGreaterThanOrEqual(15);
  for (const command of commands) {
    expect([command, (await runCli([command, '--help'])).stdout]).toEqual([
      command,
      expect.stringMatching(/Examples?:|Commands:/),
    ]);
  }
  const { stdout } = await runCli(['completion', 'bash']);
  expect(stdout).toContain('import');
});

test('wrong words end with 64 and one line, never with the code of an absent key or a stack', async () => {
  const lines = [
    ['get'],
    ['bogus'],
    ['get', 'a', '--timeout', 'soon'],
    ['completion', 'tcsh'],
    ['put', 'a', '--no-such'],
  ];
  for (const words of lines) {
    const { exitCode, stderr } = await runCli(words);
    expect([words, exitCode]).toEqual([words, ERRORS.INVALID_ARGUMENT.exit]);
    expect(stderr).not.toMatch(/^\s+at /m);
  }
});

test('a node that does not answer is said to be waited for', async () => {
  const { exitCode, stderr } = await runCli(['get', 'a', '--address', '127.0.0.1:1', '--timeout', '3000']);
  expect(stderr).toContain('127.0.0.1:1 does not answer yet');
  expect(exitCode).toBe(ERRORS.UNAVAILABLE.exit);
});
