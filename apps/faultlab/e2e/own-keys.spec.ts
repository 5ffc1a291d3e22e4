import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GuidePlugin } from './guide-plugins.js';

const NONCE = 'this.#parts.random.bytes(NONCE_BYTES)';
/** A storm over a cluster that encrypts. */
const STORM = ['sim', '--profile', 'usual', '--from', '2', '--seeds', '1', '--seconds', '2'];

let ring: GuidePlugin;

beforeAll(async () => {
  ring = await GuidePlugin.of('Your own keys');
});
afterAll(() => ring.remove());

test("somebody's keys go through a storm twice, and it is one storm", async () => {
  const ended = await ring.run(ring.source, ...STORM, '--twice-every', '1');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
});

test('they are out of reach when a fault says so, and are another key on one node', async () => {
  const { code, stdout } = await ring.run(ring.source, 'sim', '--scenario', 'S10', 'S11');
  expect(stdout).toMatch(/K1 \d/);
  expect(stdout).toMatch(/K6 \d/);
  expect(code).toBe(0);
});

test('a nonce that comes twice breaks E1 and E2, and no fault is needed for it', async () => {
  expect(ring.source).toContain(NONCE);
  const careless = ring.source.replace(NONCE, 'new Uint8Array(NONCE_BYTES)');
  const { code, stdout } = await ring.run(careless, 'shrink', '--seed', '2', '--profile', 'usual');
  expect(stdout).toMatch(/^E[12]: /m);
  expect(stdout).toContain('0 steps');
  expect(code).toBe(4);
});

test('a key that is told to a log breaks E6', async () => {
  const found = "    if (bytes === undefined) throw new CaissonError('KEK_NOT_FOUND', { path: RING });\n";
  expect(ring.source).toContain(found);
  const told = ring.source
    .replace(found, `${found}    this.#parts.logger.log('info', 'a ring', { bytes });\n`)
    .replace('needs: {', 'needs: { logger: Logger,')
    .replace('  KekProvider,\n', '  KekProvider,\n  Logger,\n');
  const { code, stdout } = await ring.run(told, ...STORM);
  expect(stdout).toContain('E6');
  expect(code).toBe(4);
});

test('the key file of the product is held to the same', async () => {
  const config = join(ring.folder, 'kek-file.json');
  const plugin = { module: '@caisson/kek-file', config: { path: '/keys/kek' } };
  await writeFile(config, JSON.stringify({ plugins: [plugin], files: { '/keys/kek': { keyBytes: 32 } } }));
  const ended = await ring.runWith(config, ...STORM);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
});
