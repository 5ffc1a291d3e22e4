import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { Secret, type WrapContext } from '@caisson/contracts';
import { NodeDisk, NodeHashes, NodeRandom } from '@caisson/platform-node';
import { FileKek } from './file-kek.js';

const parts = {
  disk: new NodeDisk(),
  ciphers: [new AesGcmCipher()],
  hashes: new NodeHashes(),
  random: new NodeRandom(),
};
const context: WrapContext = { originId: new Uint8Array(16).fill(1), keyId: 7, purpose: 1 };
const dek = new Secret(new Uint8Array(32).fill(9));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kek-file-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function keyFile(bytes: number, mode = 0o600): string {
  const path = join(folder, 'kek');
  writeFileSync(path, Buffer.alloc(bytes, 3));
  chmodSync(path, mode);
  return path;
}

async function opened(path: string): Promise<FileKek> {
  const kek = new FileKek(path, parts);
  await kek.open();
  return kek;
}

test('a DEK wrapped by one process is unwrapped by the next, with the same file', async () => {
  const path = keyFile(32);
  const blob = await (await opened(path)).wrap(dek, context);
  const next = await opened(path);
  expect((await next.unwrap(blob, context)).reveal()).toEqual(dek.reveal());
  await expect(next.probe()).resolves.toBeUndefined();
});

test.each([0o640, 0o604, 0o660, 0o606, 0o644])('mode %o is exposed', async (mode) => {
  await expect(opened(keyFile(32, mode))).rejects.toMatchObject({ code: 'KEK_FILE_EXPOSED' });
});

test.each([0, 31, 33, 5000])('a file of %d bytes is no key', async (bytes) => {
  await expect(opened(keyFile(bytes))).rejects.toMatchObject({
    code: 'KEK_MISCONFIGURED',
    details: { bytes },
  });
});

test('a missing file keeps nobody from starting, and is a key as soon as it is there', async () => {
  const kek = await opened(join(folder, 'kek'));
  await expect(kek.describe()).rejects.toMatchObject({ code: 'KEK_NOT_FOUND' });
  await expect(kek.wrap(dek, context)).rejects.toMatchObject({ code: 'KEK_NOT_FOUND' });
  keyFile(32);
  await expect(kek.wrap(dek, context)).resolves.toHaveLength(60);
});

test('a directory and a symbolic link are each refused by their own name', async () => {
  mkdirSync(join(folder, 'directory'));
  await expect(opened(join(folder, 'directory'))).rejects.toMatchObject({ code: 'KEK_FILE_NOT_REGULAR' });
  symlinkSync(keyFile(32), join(folder, 'link'));
  await expect(opened(join(folder, 'link'))).rejects.toMatchObject({ code: 'KEK_FILE_NOT_REGULAR' });
});

test('a FIFO is refused and never waited for', async () => {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', ['-m', '600', path]);
  await expect(opened(path)).rejects.toMatchObject({ code: 'KEK_FILE_NOT_REGULAR' });
});

test('a probe notices that the file was exposed after the start, and the key goes on working', async () => {
  const path = keyFile(32);
  const kek = await opened(path);
  chmodSync(path, 0o644);
  await expect(kek.probe()).rejects.toMatchObject({ code: 'KEK_FILE_EXPOSED' });
  await expect(kek.wrap(dek, context)).resolves.toHaveLength(60);
});

test('neither the description nor an error tells the key', async () => {
  const path = keyFile(32);
  const kek = await opened(path);
  const description = JSON.stringify(await kek.describe());
  expect(description).not.toContain(readFileSync(path).toString('hex').slice(0, 16));
  expect(description).toMatch(/"keyRef":"[0-9a-f]{16}"/);
  kek.close();
  await expect(kek.describe()).rejects.toThrow('KEK-1');
});
