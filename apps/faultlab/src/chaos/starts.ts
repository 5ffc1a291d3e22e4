import { NodeEndedError } from '@caisson/demo';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deed } from './actions.js';
import { Broken } from './broken.js';
import type { Member, Stage } from './stage.js';

const LOOPS = 3;
/** Held for the process that starts, and free again once it is refused. */
const LOCK = `${sep}LOCK${sep}`;

/** Starts that come too often, and starts that must not succeed. */
export const onStarts: Readonly<Record<string, Deed>> = {
  P6: {
    about: 'a node is killed again and again as soon as it serves',
    needs: 'signals',
    run: async (_stage, { node }) => {
      for (let at = 0; at < LOOPS; at++) {
        await node.end('SIGKILL');
        await node.start();
      }
    },
  },
  P10: {
    about: 'a second process is started on the directory of a node, and refused',
    needs: 'loopback',
    run: (_stage, member) => mustBeRefused(member, 'DIRECTORY_LOCKED', () => member.node.start()),
  },
  P11: {
    about: 'a node is started with encryption turned off, and refused',
    needs: 'signals',
    run: async (_stage, member) => {
      const off = { 'applier-encryption': { enabled: false } };
      await member.node.end('SIGKILL');
      await unchanged(member, () =>
        mustBeRefused(member, 'SIDECAR_PRESENT_WITHOUT_FLAG', () => member.node.start(off)),
      );
      await member.node.start();
    },
  },
  K7: {
    about: 'the KEK file is another one: nodes go on, and a start is refused until it is back',
    needs: 'signals',
    run: replaceKek,
  },
};

async function replaceKek(
  stage: Stage,
  member: Member,
  { forMs }: { readonly forMs: number },
): Promise<void> {
  const { kekPath } = stage.playground;
  const kek = await readFile(kekPath);
  await writeFile(kekPath, randomBytes(kek.length));
  try {
    await sleep(forMs);
    await stage.touch();
    await member.node.end('SIGKILL');
    await unchanged(member, () => mustBeRefused(member, 'KEK_MISMATCH', () => member.node.start()));
  } finally {
    await writeFile(kekPath, kek);
  }
  await member.node.start();
}

export async function mustBeRefused(
  { node }: Member,
  code: string,
  start: () => Promise<void>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof NodeEndedError)) throw error;
    if (error.lines.some((line) => line.includes(code))) return;
    throw new Broken('L5', `${node.name} was refused otherwise than with ${code}: ${error.lines.at(-1)}`);
  }
  throw new Broken('E19', `${node.name} served, and ${code} should have kept it from that`);
}

/** A start that is refused has written nothing. */
async function unchanged({ node }: Member, attempt: () => Promise<void>): Promise<void> {
  const before = await digestsIn(node.dataDir);
  await attempt();
  const after = await digestsIn(node.dataDir);
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  if (changed.length > 0) throw new Broken('E19', `${node.name} was refused and wrote ${changed.join(', ')}`);
}

async function digestsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.includes(LOCK)) continue;
    digests.set(
      path.slice(folder.length + 1),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
  }
  return digests;
}
