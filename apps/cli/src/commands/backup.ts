import { toHex } from '@caisson/base';
import type { BackupManifest } from '@caisson/formats';
import type { Command } from 'commander';
import { resolve } from 'node:path';
import type { BackupOrder, Verified } from '../data/backups.js';
import { configText } from '../data/first-config.js';
import { addAction, type ActionContext } from '../session/action.js';
import { addConnectionOptions, type ConnectionOptions, withBackup } from '../session/connection.js';
import { printJson, type Output } from '../session/output.js';
import { Progress } from '../session/progress.js';

interface CreateOptions extends ConnectionOptions {
  readonly dataDir?: string;
  readonly kekFile: readonly string[];
}

interface VerifyOptions {
  readonly kekFile: readonly string[];
  readonly values?: boolean;
}

interface RestoreOptions {
  readonly dataDir: string;
  readonly name: string;
  readonly kekFile: readonly string[];
}

const DAY_MS = 24 * 3_600_000;
const now = () => performance.now();
const collect = (path: string, before: readonly string[]) => [...before, resolve(path)];

/** `backup`: take one, prove it, make a cluster of it. Sealed values stay sealed throughout. */
export function addBackup(program: Command): void {
  const backup = program.command('backup').description('take, prove and restore backups');
  addCreate(backup);
  addVerify(backup);
  addRestore(backup);
}

function addCreate(backup: Command): void {
  const command = backup
    .command('create')
    .description('write everything a node holds to a new folder, with its wrapped keys')
    .argument('<folder>', 'must not exist or be empty')
    .option('--data-dir <path>', 'directory of a node that does not run, instead of an address')
    .option('--kek-file <path>', 'with --data-dir: KEK of the node; repeat for several', collect, [])
    .addHelpText(
      'after',
      `
Needs the role operator of the node at --address. A backup that breaks off leaves nothing.

Examples:
  $ caisson backup create ./backup --address 10.0.0.1:7700 --ca ca.pem --cert ops.pem --key ops.key
  $ caisson backup create ./backup --data-dir ./data --kek-file ./kek.key`,
    );
  addConnectionOptions(command, DAY_MS);
  addAction<CreateOptions>(command, create);
}

/** What works on directories brings half of the server along; commands that need none of it start faster. */
const backups = () => import('../data/backups.js');

async function create({ args, options, output, signal }: ActionContext<CreateOptions>): Promise<void> {
  const progress = new Progress(output, { unit: 'bytes', now, total: 1 });
  const order: BackupOrder = {
    folder: resolve(args[0]!),
    onBytes: (done, total) => progress.update(done, total),
    signal,
  };
  const { dataDir, kekFile, timeout: deadlineMs } = options;
  try {
    const { backUpServing, backUpStopped } = await backups();
    const { manifest, bytes } =
      dataDir === undefined
        ? await withBackup(options, (client) => backUpServing(client, { ...order, deadlineMs }))
        : await backUpStopped({ dataDir: resolve(dataDir), kekPaths: kekFile }, order);
    progress.finish(bytes);
    tellCreated({ manifest, bytes, folder: args[0]! }, output);
  } finally {
    progress.stop();
  }
}

function tellCreated(
  { manifest, bytes, folder }: { manifest: BackupManifest; bytes: number; folder: string },
  output: Output,
): void {
  const { groups, clusterId, node } = manifest;
  const counts = groups.map(({ group, index, versions, sealed }) => ({ group, index, versions, sealed }));
  if (output.json)
    return printJson(output, { folder, cluster: toHex(clusterId), node, bytes, groups: counts });
  output.notes(`${bytes} bytes of ${node} in ${folder}\n`);
  for (const { group, index, versions, sealed } of counts) {
    output.notes(`  group ${group} up to entry ${index}: ${versions} versions, ${sealed} of them sealed\n`);
  }
  output.notes(`Prove it:\n  caisson backup verify ${folder} --kek-file …\n`);
}

function addVerify(backup: Command): void {
  const command = backup
    .command('verify')
    .description('compare every digest, and with KEKs every key through each of them; needs no node')
    .argument('<folder>')
    .option('--kek-file <path>', 'a KEK that must open every key; repeat for several', collect, [])
    .option('--values', 'open every sealed value, too')
    .addHelpText(
      'after',
      '\nExamples:\n  $ caisson backup verify ./backup\n  $ caisson backup verify ./backup --kek-file ./kek.key --values',
    );
  addAction<VerifyOptions>(command, async ({ args, options, output, signal }) => {
    const { openOfflineParts, verifyBackup } = await backups();
    const parts = await openOfflineParts(options.kekFile);
    const progress = new Progress(output, { unit: 'bytes', now, total: 1 });
    const onBytes = (done: number, total: number) => progress.update(done, total);
    const values = options.values === true;
    try {
      const verified = await verifyBackup(parts, { path: resolve(args[0]!), values, onBytes, signal });
      tellVerified(verified, output, values && options.kekFile.length > 0);
    } finally {
      progress.stop();
      parts.keys.close();
    }
  });
}

function tellVerified(
  { reader, authentic, groups }: Verified,
  output: Output,
  areValuesOpened: boolean,
): void {
  const { clusterId, node, createdMs } = reader.manifest;
  const cluster = toHex(clusterId);
  const created = new Date(createdMs).toISOString();
  if (output.json) return printJson(output, { cluster, node, created, authentic, groups });
  output.out(`Backup of cluster ${cluster}, taken from ${node} at ${created}. Every digest is right.\n`);
  for (const { group, index, versions, sealed, opened, keks } of groups) {
    const values = areValuesOpened ? `, ${opened} opened` : '';
    output.out(`  group ${group} up to entry ${index}: ${versions} versions, ${sealed} sealed${values}\n`);
    for (const { provider, keyRef, keys } of keks)
      output.out(`    ${provider}:${keyRef} opens ${keys} keys\n`);
  }
  if (authentic === 'unknown')
    output.out('Who wrote it is not known without a KEK: repeat with --kek-file.\n');
}

function addRestore(backup: Command): void {
  const command = backup
    .command('restore')
    .description('make a backup the first node of another cluster, with an id and keys of its own')
    .argument('<folder>')
    .requiredOption('--data-dir <path>', 'directory of the new node; must not exist or be empty')
    .requiredOption('--name <name>', 'name of the new node')
    .option(
      '--kek-file <path>',
      'KEK of the backup; new keys are wrapped by it; repeat for several',
      collect,
      [],
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ caisson backup restore ./backup --data-dir ./second --name s1 --kek-file ./kek.key',
    );
  addAction<RestoreOptions>(command, restore);
}

async function restore({ args, options, output, signal }: ActionContext<RestoreOptions>): Promise<void> {
  const { openOfflineParts, restoreBackup } = await backups();
  const parts = await openOfflineParts(options.kekFile);
  const progress = new Progress(output, { unit: 'bytes', now, total: 1 });
  const dataDir = resolve(options.dataDir);
  try {
    const { name, clusterId, birth } = await restoreBackup(parts, {
      path: resolve(args[0]!),
      dataDir,
      name: options.name,
      onBytes: (done, total) => progress.update(done, total),
      signal,
    });
    progress.stop();
    const cluster = toHex(clusterId);
    if (output.json) return printJson(output, { dataDir, name, cluster, birth });
    const kekPath = options.kekFile[0];
    const made = { dataDir, birth, kekCreated: false, ...(kekPath !== undefined && { kekPath }) };
    output.notes(`Node ${name} of the new cluster ${cluster} is ready in ${dataDir}.\n`);
    output.notes(`\nA configuration for it:\n\n${configText(made)}`);
  } finally {
    progress.stop();
    parts.keys.close();
  }
}
