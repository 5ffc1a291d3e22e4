import { connect } from '@caisson/client';
import { skipUnless } from '@caisson/compliance';
import { ERRORS, type ErrorCode } from '@caisson/contracts';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Playground } from '../src/index.js';

let playground: Playground;
const ENCRYPTION_OFF = { 'applier-encryption': { enabled: false }, 'kek-file': false };

afterEach(() => playground?.remove());

/** A node that has served once, holds a value, and is stopped. */
async function servedNode(): Promise<Playground> {
  playground = await Playground.create();
  const node = await playground.start();
  expect((await playground.cli(node, 'put', 'greeting', 'hello, sealed world')).exitCode).toBe(0);
  expect(await node.end('SIGTERM')).toBe(0);
  return playground;
}

/** The start is refused with this code, its exit code and its way out, and leaves every file as it was. */
async function expectRefusal(code: ErrorCode, changes: Record<string, unknown> = {}): Promise<void> {
  const before = await playground.fingerprint();
  const { exitCode, text } = await playground.refusal(changes);
  expect(text).toContain(`${code}: `);
  expect(text).toContain(ERRORS[code].wayOut);
  expect(exitCode).toBe(ERRORS[code].exit);
  expect(await playground.fingerprint()).toEqual(before);
}

async function expectServesAgain(): Promise<void> {
  const node = await playground.start();
  expect((await playground.cli(node, 'get', 'greeting')).stdout).toBe('hello, sealed world');
}

test('a wrong KEK is refused, and the right one serves again', async () => {
  await servedNode();
  const right = await readFile(playground.kekPath);
  await writeFile(playground.kekPath, randomBytes(32));
  await expectRefusal('KEK_MISMATCH');
  await writeFile(playground.kekPath, right);
  await expectServesAgain();
});

test('a missing KEK file is refused', async () => {
  await servedNode();
  await rm(playground.kekPath);
  await expectRefusal('KEK_NOT_FOUND');
});

test('of two KEKs that wrap the keys one is enough to start, and without both the start is refused', async () => {
  await servedNode();
  const spare = join(playground.folder, 'spare.key');
  await writeFile(spare, randomBytes(32), { mode: 0o600 });
  const both = { 'kek-file': { path: [playground.kekPath, spare] } };
  const node = await playground.start(both);
  expect((await playground.cli(node, 'encryption', 'rewrap-deks')).exitCode).toBe(0);
  await node.end('SIGTERM');
  const right = await readFile(playground.kekPath);
  await rm(playground.kekPath);
  const again = await playground.start(both);
  expect((await playground.cli(again, 'get', 'greeting')).stdout).toBe('hello, sealed world');
  const { stdout } = await playground.cli(again, 'kek', 'list', '--json');
  const { keks } = JSON.parse(stdout) as { keks: readonly { provider: string; configured: boolean }[] };
  const seen = keks.map(({ provider, configured }) => `${provider} ${configured}`);
  expect(seen.sort()).toEqual(['file false', 'file true', 'unknown true']);
  await again.end('SIGTERM');
  await rm(spare);
  await expectRefusal('KEK_NOT_FOUND', both);
  await writeFile(playground.kekPath, right, { mode: 0o600 });
  await expectServesAgain();
});

test('encryption without any KEK provider is refused', async () => {
  await servedNode();
  await expectRefusal('KEK_REQUIRED_WITH_FLAG', { 'kek-file': false });
});

test('a KEK file that others can read is refused', async () => {
  await servedNode();
  await chmod(playground.kekPath, 0o644);
  await expectRefusal('KEK_FILE_EXPOSED');
});

test('a FIFO as KEK file is refused and never waited for', async () => {
  await servedNode();
  await rm(playground.kekPath);
  execFileSync('mkfifo', ['-m', '600', playground.kekPath]);
  await expectRefusal('KEK_FILE_NOT_REGULAR');
});

test('a KEK of the wrong length is refused', async () => {
  await servedNode();
  await writeFile(playground.kekPath, randomBytes(31));
  await expectRefusal('KEK_MISCONFIGURED');
});

test('an encrypted directory is refused when encryption is turned off', async () => {
  await servedNode();
  await expectRefusal('SIDECAR_PRESENT_WITHOUT_FLAG', ENCRYPTION_OFF);
});

test('a directory to be born encrypted is refused when encryption is off from the start', async () => {
  playground = await Playground.create();
  await expectRefusal('ENCRYPTION_NOT_ENABLED', ENCRYPTION_OFF);
});

test('a truncated sidecar is refused', async () => {
  await servedNode();
  await truncate(playground.sidecarPath, 100);
  await expectRefusal('SIDECAR_CORRUPT');
});

test('an edited flag of the sidecar is refused', async () => {
  await servedNode();
  const text = await readFile(playground.sidecarPath, 'utf8');
  const edited = text.replace('"storage_envelope_active": true', '"storage_envelope_active": false');
  expect(edited).not.toBe(text);
  await writeFile(playground.sidecarPath, edited);
  await expectRefusal('SIDECAR_CORRUPT');
});

test('an older sidecar beside a newer store is refused', async () => {
  await servedNode();
  const old = await readFile(playground.sidecarPath);
  const node = await playground.start();
  await node.end('SIGTERM');
  await writeFile(playground.sidecarPath, old);
  const { text, exitCode } = await playground.refusal();
  expect(text).toMatch(/LOCAL_EPOCH_ROLLBACK|SIDECAR_BEHIND_RAFT_LOG/);
  expect(exitCode).toBe(ERRORS.LOCAL_EPOCH_ROLLBACK.exit);
});

test('a second process on the directory is refused and does not disturb the first', async () => {
  await servedNode();
  const first = await playground.start();
  const { text, exitCode } = await playground.refusal();
  expect(text).toContain(ERRORS.DIRECTORY_LOCKED.wayOut);
  expect(exitCode).toBe(ERRORS.DIRECTORY_LOCKED.exit);
  expect((await playground.cli(first, 'get', 'greeting')).stdout).toBe('hello, sealed world');
  await first.end('SIGKILL');
  await expectServesAgain();
});

test('a directory that is no node is refused and left as it was', async () => {
  playground = await Playground.create();
  const empty = join(playground.folder, 'empty');
  await mkdir(empty);
  const { text } = await playground.refusal({ 'data-directory': { path: empty } });
  expect(text).toContain('DIRECTORY_NOT_INITIALIZED');
});

const isRoot = process.getuid?.() === 0;
const asRoot = skipUnless(isRoot && process.platform === 'linux', 'mounting needs root on Linux');

asRoot('a read-only directory is refused with its own cause, never as a second process', async () => {
  await servedNode();
  execFileSync('mount', ['--bind', playground.dataDir, playground.dataDir]);
  execFileSync('mount', ['-o', 'remount,ro,bind', playground.dataDir]);
  try {
    await expectRefusal('DISK_READ_ONLY');
  } finally {
    execFileSync('umount', [playground.dataDir]);
  }
  await expectServesAgain();
});

asRoot('a full disk stops the node with its own cause, and nothing acknowledged is lost', async () => {
  playground = await Playground.create();
  const small = join(playground.folder, 'small');
  await mkdir(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', small]);
  try {
    execFileSync('cp', ['-a', `${playground.dataDir}/.`, small]);
    const onSmall = { 'data-directory': { path: small } };
    const node = await playground.start(onSmall);
    const acknowledged = await fillUntilRefused(node);
    expect(await node.exited()).toBe(ERRORS.DISK_FULL.exit);
    expect(node.log).toContain('DISK_FULL');
    execFileSync('mount', ['-o', 'remount,size=256m', small]);
    const again = await playground.start(onSmall);
    const scanned = await playground.cli(again, 'scan', '--keys-only', '--prefix', 'fill/');
    const keys = new Set(scanned.stdout.split('\n'));
    expect(acknowledged.filter((key) => !keys.has(key))).toEqual([]);
    await again.end('SIGKILL');
  } finally {
    execFileSync('umount', [small]);
  }
});

async function fillUntilRefused(node: { address: string }): Promise<string[]> {
  const client = connect({ address: node.address, deadlineMs: 5_000 });
  const acknowledged: string[] = [];
  try {
    for (let at = 0; at < 1_000; at++) {
      const key = `fill/${String(at).padStart(4, '0')}`;
      await client.put(key, randomBytes(128 * 1024));
      acknowledged.push(key);
    }
  } catch {
    return acknowledged;
  } finally {
    client.close();
  }
  throw new RangeError('the disk did not fill up');
}
