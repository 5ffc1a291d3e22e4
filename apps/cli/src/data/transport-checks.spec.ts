import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTransport } from './transport-checks.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'caisson-doctor-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function findingOf(section: unknown, clientAddress = 'n1:7700'): string {
  try {
    const document = { 'transport-grpc': section, 'engine-raft': { clientAddress } };
    return checkTransport(document, folder, 0);
  } catch (error) {
    return `FAILED ${String(error)}`;
  }
}

test('a node without a transport runs alone, and that is fine', () => {
  expect(checkTransport({}, folder, 0)).toMatch(/runs alone/);
  expect(findingOf(false)).toMatch(/runs alone/);
});

test.each([
  ['a wildcard is told to peers', { listen: '0.0.0.0:7800' }, /FAILED .*nobody can dial/],
  [
    'a wildcard is listened on and a name told, without TLS',
    { listen: '0.0.0.0:7800', advertise: 'n1:7800' },
    /FAILED .*without tls/,
  ],
  [
    'loopback is told to other machines',
    { listen: '0.0.0.0:7800', advertise: '127.0.0.1:7800' },
    /FAILED .*another machine/,
  ],
  ['the port changes', { listen: '127.0.0.1:0' }, /FAILED .*changes with every start/],
  ['plaintext is wanted', { listen: '10.0.0.1:7800', insecure: true }, /^peers .*PLAINTEXT/],
  ['all is on loopback', { listen: '127.0.0.1:7800' }, /^peers on this machine/],
])('%s', (_what, section, says) => {
  expect(findingOf(section)).toMatch(says);
});

test('a member must say where clients reach it', () => {
  expect(findingOf({ listen: '127.0.0.1:7800' }, '')).toMatch(/FAILED .*engine-raft\.clientAddress/);
  expect(findingOf({ listen: '127.0.0.1:7800' }, '0.0.0.0:7700')).toMatch(/FAILED .*nobody can dial/);
});

test('files that are missing or hold no certificate are named', () => {
  const tls = { cert: 'node.pem', key: { file: 'node.key' }, ca: 'ca.pem' };
  const section = { listen: '10.0.0.1:7800', tls };
  expect(findingOf(section)).toMatch(/FAILED .*node\.pem cannot be read/);
  for (const file of ['node.pem', 'node.key', 'ca.pem']) writeFileSync(join(folder, file), 'x');
  expect(findingOf(section)).toMatch(/FAILED .*node\.pem holds no certificate/);
});
