import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MemoryGroup } from './memory.js';

const run = promisify(execFile);

export type Need =
  | 'signals'
  | 'loopback'
  | 'namespaces'
  | 'mounts'
  | 'shifted-clock'
  | 'tracing'
  | 'memory-limit';

/** What this machine lets a run do, and how that was found out. */
export interface Capability {
  readonly need: Need;
  readonly for: string;
  /** Why it is missing, with what would bring it; absent where it is there. */
  readonly missing?: string;
}

/** Whether each need is met. Tries things and undoes them; changes nothing that stays. */
export async function probeCapabilities(): Promise<readonly Capability[]> {
  return Promise.all([
    probe('signals', 'kill, pause, stutter, loss of power', async () => void process.kill(process.pid, 0)),
    probe('loopback', 'delay, throttling, resets, silence, flipped bytes', () => Promise.resolve()),
    probe('namespaces', 'a node cut off in both directions', tryNamespace),
    probe('mounts', 'full disks', tryMount),
    probe('memory-limit', 'a node that runs out of memory', tryMemoryLimit),
    probe('tracing', 'kills and errors at a system call (syscalls)', tryTracing),
    probe('shifted-clock', 'wall clocks that step while a process runs', async () => void (await fakeTime())),
  ]);
}

/** The library that shifts the clock of a process. */
export async function fakeTime(): Promise<string> {
  for (const folder of ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib']) {
    const path = join(folder, 'faketime', 'libfaketimeMT.so.1');
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new Missing('libfaketime is not installed (package libfaketime)');
}

class Missing extends Error {
  override readonly name = 'Missing';
}

async function probe(need: Need, what: string, attempt: () => Promise<void>): Promise<Capability> {
  try {
    await attempt();
    return { need, for: what };
  } catch (error) {
    return { need, for: what, missing: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Missing) return error.message;
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path !== undefined) return `${path} is not installed`;
  return message.split('\n').at(-1) || message;
}

async function tryMemoryLimit(): Promise<void> {
  const group = await MemoryGroup.create(`faultlab-probe-${process.pid}`).catch((error: unknown) => {
    throw new Missing(`the memory of processes cannot be limited here (${(error as Error).message})`);
  });
  await group.remove();
}

/** A process may be traced only where nobody forbade it, in a container for instance. */
async function tryTracing(): Promise<void> {
  await tool('strace', '-f', '-qq', '-o', '/dev/null', 'true');
}

async function tool(name: string, ...args: readonly string[]): Promise<void> {
  await run(name, args);
}

async function tryNamespace(): Promise<void> {
  const name = `faultlab-probe-${process.pid}`;
  const near = `flp${process.pid}a`;
  await tool('ip', 'netns', 'add', name);
  try {
    await tool(
      'ip',
      'link',
      'add',
      near,
      'type',
      'veth',
      'peer',
      'name',
      `flp${process.pid}b`,
      'netns',
      name,
    );
    await tool('ip', 'link', 'delete', near);
  } finally {
    await tool('ip', 'netns', 'delete', name);
  }
}

async function tryMount(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'faultlab-probe-'));
  try {
    await tool('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder);
    await readdir(folder);
    await tool('umount', folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
