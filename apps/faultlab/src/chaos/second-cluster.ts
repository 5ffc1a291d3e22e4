import { connect } from '@caisson/client';
import { ClusterNode, freePorts, LOOPBACK, runCli } from '@caisson/demo';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deed } from './actions.js';
import { Broken } from './broken.js';
import { succeed, refuseUnless } from './orders.js';
import { MARK } from './registers.js';
import type { Member, Stage } from './stage.js';

const NAME = 'second';
const KEY = 'of-two-clusters';

/** A backup that becomes a cluster of its own beside the one that it is of. */
export const onBackups: Readonly<Record<string, Deed>> = {
  O8: {
    about: 'a backup is restored as a second cluster, and both are written to',
    needs: 'loopback',
    run: restoreBeside,
  },
};

async function restoreBeside(stage: Stage, { folder, node }: Member): Promise<void> {
  const { certificates, kekPath, folder: place } = stage.playground;
  const backup = join(folder, 'second.backup');
  const value = await stage.touch(KEY);
  await succeed(stage, node, 'backup', 'create', backup);
  await stage.surfaces.searchFolder(`a backup of ${node.name}`, backup);
  const ports = await freePorts(LOOPBACK.host);
  const parts = { name: NAME, folder: place, kekPath, certificates, ports, place: LOOPBACK, changes: {} };
  const second = new ClusterNode({ ...parts, peerAddress: ports.peer });
  await mkdir(join(place, NAME), { recursive: true });
  try {
    const flags = ['--data-dir', second.dataDir, '--name', NAME, '--kek-file', kekPath];
    refuseUnless(stage, await runCli(['backup', 'restore', backup, ...flags]), 'backup restore');
    await second.start();
    await compare(stage, second, value);
    await second.end('SIGTERM');
    stage.surfaces.search('the log of a second cluster', second.said);
    await stage.surfaces.searchFolder('a second cluster', join(place, NAME));
  } finally {
    await second.end('SIGKILL');
    await rm(join(place, NAME), { recursive: true, force: true });
    await rm(backup, { recursive: true, force: true });
  }
}

/** What was there at the backup is there, and what one of the two writes the other does not see. */
async function compare(stage: Stage, second: ClusterNode, value: string): Promise<void> {
  const tls = await stage.playground.clientTls('app');
  const client = connect({ address: [second.ports.client], tls });
  try {
    const found = Buffer.from((await client.get(KEY)) ?? []).toString();
    if (found !== value) throw new Broken('R6', 'a second cluster lacks what the first had acknowledged');
    await client.put(KEY, `${MARK}of the second`);
    if ((await stage.read(KEY)) !== value) throw new Broken('E8', 'a cluster shows what another one wrote');
  } finally {
    client.close();
  }
}
