import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeDisk, NodeSecrets } from './index.js';

const secrets = new NodeSecrets(new NodeDisk());
let folder: string;

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'caisson-secrets-'))));
afterEach(() => rm(folder, { recursive: true }));

test('a secret is read from a file or a variable, without its final line break', async () => {
  const file = join(folder, 'token');
  await writeFile(file, 'from file\r\n');
  process.env['CAISSON_TEST_SECRET'] = 'from env\n';
  expect(Buffer.from((await secrets.read({ file })).reveal()).toString()).toBe('from file');
  expect(Buffer.from((await secrets.read({ env: 'CAISSON_TEST_SECRET' })).reveal()).toString()).toBe(
    'from env',
  );
  delete process.env['CAISSON_TEST_SECRET'];
});

test('a missing, empty or oversized secret names its source and nothing else', async () => {
  const [empty, large] = [join(folder, 'empty'), join(folder, 'large')];
  await writeFile(empty, '\n');
  await writeFile(large, Buffer.alloc(65 * 1024, 'x'));
  for (const source of [
    { file: join(folder, 'none') },
    { file: empty },
    { file: large },
    { env: 'CAISSON_NOT_SET' },
  ]) {
    await expect(secrets.read(source)).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE', details: source });
  }
});
