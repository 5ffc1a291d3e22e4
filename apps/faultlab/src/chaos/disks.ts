import { NodeEndedError } from '@caisson/demo';
import { execFile } from 'node:child_process';
import { cp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Deed } from './actions.js';
import { Broken } from './broken.js';
import type { Action } from './schedule.js';
import { mustBeRefused } from './starts.js';
import type { Member, Stage } from './stage.js';

const run = promisify(execFile);
const BALLAST_CHUNK = Buffer.alloc(1024 * 1024);
/** For a node whose disk forgot something to hear of it. */
const NOTICE_MS = 3_000;
const RETURNS_MAX = 10;

/** What happens to the disk of one node while the others are well. */
export const onDisks: Readonly<Record<string, Deed>> = {
  D6: { about: 'the disk of a node is full for a while', needs: 'mounts', run: fill },
  D15: { about: 'the disk of a node is read only when it starts', needs: 'mounts', run: startReadOnly },
  D16: {
    about: 'the disk of a node is gone, and a new node takes its place',
    needs: 'loopback',
    run: (stage) => stage.replace(),
  },
  P8: { about: 'the disk of a node is put back to an older copy', needs: 'signals', run: putBack },
};

/** A node that finds its disk full ends by itself; it is started again once there is room. */
async function fill(_stage: Stage, { folder, node }: Member, { forMs }: Action): Promise<void> {
  const ballast = join(folder, 'ballast');
  await takeAllRoom(ballast);
  await sleep(forMs);
  await rm(ballast);
  await node.end('SIGKILL');
  await node.start();
}

async function takeAllRoom(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(BALLAST_CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

async function startReadOnly(_stage: Stage, member: Member): Promise<void> {
  const { node } = member;
  await node.end('SIGKILL');
  await run('mount', ['--bind', node.dataDir, node.dataDir]);
  try {
    await run('mount', ['-o', 'remount,ro,bind', node.dataDir]);
    await mustBeRefused(member, 'DISK_READ_ONLY', () => node.start());
  } finally {
    await run('umount', ['--lazy', node.dataDir]);
  }
  await node.start();
}

/**
 * A copy of some seconds ago, after the others have agreed on something without this node: what it forgets is
 * with both of them. A leader that remembers what the node had promised ends it with `CORRUPTION`, as
 * documented; under another leader it is back.
 */
async function putBack(stage: Stage, member: Member, { forMs }: Action): Promise<void> {
  const { node } = member;
  const copy = `${node.dataDir}-older`;
  await node.end('SIGKILL');
  await cp(node.dataDir, copy, { recursive: true });
  await node.start();
  await sleep(forMs);
  await node.end('SIGKILL');
  await stage.touch();
  await rm(node.dataDir, { recursive: true });
  await cp(copy, node.dataDir, { recursive: true });
  await rm(copy, { recursive: true });
  for (let at = 0; at < RETURNS_MAX; at++) {
    if (await staysUp(member)) return;
    await stage.leadElsewhere(member).catch(() => sleep(NOTICE_MS));
  }
  throw new Broken('L1', `${node.name} did not come back after its disk had been put back`);
}

/** Whether it serves and goes on; a node that ends has to say that its disk is damaged. */
async function staysUp({ node }: Member): Promise<boolean> {
  const said = await node.start().then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof NodeEndedError) return error.lines.join('\n');
      throw error;
    },
  );
  const log = said ?? (await logOnceEnded(node));
  if (log === undefined) return true;
  if (!log.includes('CORRUPTION')) throw new Broken('L5', `${node.name} ended, and not with CORRUPTION`);
  await node.end('SIGKILL');
  return false;
}

async function logOnceEnded(node: Member['node']): Promise<string | undefined> {
  const ended = node.process.exited().then(() => node.process.log);
  return Promise.race([ended, sleep(NOTICE_MS).then(() => undefined)]);
}
