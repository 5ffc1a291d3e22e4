import { type Ran, runCli } from '@caisson/demo';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deed } from './actions.js';
import type { Member, Stage } from './stage.js';

/** Orders about members, given while clients go on. */
export const onMembers: Readonly<Record<string, Deed>> = {
  M1: {
    about: 'a new member joins, becomes a voter, and is removed',
    needs: 'loopback',
    run: async (stage) => {
      const guest = await stage.invite();
      await stage.playground.ops(stage.besides(guest), 'promote', guest.node.name);
      await stage.dismiss(guest);
    },
  },
  M6: {
    about: 'the lead goes to another member',
    needs: 'loopback',
    run: async (stage, member) => {
      await stage.playground.ops(stage.besides(), 'transfer', member.node.name);
    },
  },
};

/** Orders about keys and copies, given while clients go on. */
export const onKeys: Readonly<Record<string, Deed>> = {
  O2: {
    about: 'both data keys are rotated',
    needs: 'loopback',
    run: async (stage) => {
      for (const purpose of ['storage', 'raft'])
        await orderLeader(stage, 'encryption', 'rotate-dek', '--purpose', purpose);
    },
  },
  O3: {
    about: 'the data keys are wrapped anew',
    needs: 'loopback',
    run: (stage) => orderLeader(stage, 'encryption', 'rewrap-deks'),
  },
  O4: {
    about: 'a node seals its old values anew',
    needs: 'loopback',
    run: (stage, { node }) => succeed(stage, node, 'encryption', 'rewrite'),
  },
  O9: {
    about: 'a node merges its files, so that what was removed leaves its disk',
    needs: 'loopback',
    run: (stage, { node }) => succeed(stage, node, 'encryption', 'scrub'),
  },
  O7: {
    about: 'a backup is taken and verified',
    needs: 'loopback',
    run: async (stage, { folder, node }) => {
      const file = join(folder, 'chaos.backup');
      await succeed(stage, node, 'backup', 'create', file);
      const flags = ['--kek-file', stage.playground.kekPath];
      refuseUnless(stage, await runCli(['backup', 'verify', file, ...flags]), 'backup verify');
      await stage.surfaces.searchFolder(`a backup of ${node.name}`, file);
      await rm(file, { force: true, recursive: true });
    },
  },
};

async function orderLeader(stage: Stage, ...words: readonly string[]): Promise<void> {
  const name = await stage.playground.leaderBy(stage.besides());
  const leader = stage.members.find(({ node }) => node.name === name)?.node ?? stage.besides();
  await succeed(stage, leader, ...words);
}

export async function succeed(
  stage: Stage,
  node: Member['node'],
  ...words: readonly string[]
): Promise<void> {
  refuseUnless(stage, await stage.playground.run(node, ...words), words.join(' '));
}

/** What the program says is searched, too. */
export function refuseUnless({ surfaces }: Stage, { exitCode, stderr, stdout }: Ran, what: string): void {
  surfaces.search(`what ${what} answers`, stdout + stderr);
  if (exitCode !== 0) throw new OrderRefused(`${what}: ${stderr.trim() || stdout.trim()}`);
}

/** An order that was not carried out. Told in the journal; no fault of the store by itself. */
export class OrderRefused extends Error {
  override readonly name = 'OrderRefused';
}
