import type { SidecarRebuilt } from '@caisson/encryption';
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { addAction } from '../session/action.js';
import {
  type AccessOptions,
  addAccessOptions,
  addConnectionOptions,
  withEncryption,
  type ConnectionOptions,
} from '../session/connection.js';
import { KeyOrderProgress } from '../session/key-order-progress.js';
import { printJson, printTable, type Output } from '../session/output.js';

interface RegisterOptions extends ConnectionOptions {
  readonly dryRun?: boolean;
}

/** `encryption register-writer`: what members do by themselves, for the day on which one cannot. */
export function addRegisterWriter(encryption: Command): void {
  const command = encryption
    .command('register-writer <name>')
    .description('register a member as a writer under every key that is not retired')
    .option('--dry-run', 'ask the member and say what would be registered, change nothing')
    .addHelpText(
      'after',
      '\nMembers register by themselves; this is a repair. The member must answer and prove its KEK.' +
        '\nSafe to repeat: a member that is registered stays as it is.' +
        '\n\nExample:\n  $ caisson encryption register-writer n2',
    );
  addConnectionOptions(command);
  addAction<RegisterOptions>(command, async ({ args, options, output, signal }) => {
    const [name = ''] = args;
    const { dryRun = false } = options;
    const done = await withEncryption(options, (client) =>
      new KeyOrderProgress(output).follow(client.registerWriter(name, { dryRun, signal })),
    );
    if (output.json) return printJson(output, { order: 'register-writer', dryRun, ...done });
    output.notes(dryRun ? 'Nothing was changed.\n' : `${name} is registered under every key\n`);
  });
}

interface ResyncOptions extends AccessOptions {
  readonly dataDir: string;
  readonly kekFile: readonly string[];
  readonly from?: string;
}

const collect = (path: string, before: readonly string[]) => [...before, resolve(path)];

/** `encryption resync-sidecar`: for a node whose sidecar is damaged or older than its store. */
export function addResyncSidecar(encryption: Command): void {
  const command = encryption
    .command('resync-sidecar')
    .description('make the sidecar of a stopped node anew, from its store and what members remember of it')
    .requiredOption('--data-dir <path>', 'directory of the node')
    .option('--kek-file <path>', 'KEK of the node; repeat for several', collect, [])
    .option('--from <host:port>', 'another member, asked for the epochs it saw registered of this node')
    .addHelpText(
      'after',
      '\nRefused while the node runs. Nothing is written unless the store authenticates. Keys and flags come from' +
        '\nthe store; the node goes on above every epoch that the store, the old file, or the other member knows.' +
        '\nSafe to repeat. Without --from for a node that is alone.' +
        '\n\nExample:\n  $ caisson encryption resync-sidecar --data-dir ./data --kek-file kek.key --from n1:7700',
    );
  addAccessOptions(command);
  addAction<ResyncOptions>(command, async ({ options, output, signal }) => {
    const { dataDir, kekFile, from, ...access } = options;
    const { rebuildSidecar } = await import('../data/sidecar-rebuild.js');
    const rebuilt = await rebuildSidecar({
      dataDir: resolve(dataDir),
      kekPaths: kekFile,
      epochsOf: (name) =>
        from === undefined
          ? Promise.resolve([])
          : withEncryption({ ...access, address: [from] }, (client) =>
              client.registeredEpochs(name, { signal }),
            ),
    });
    if (output.json) return printJson(output, rebuilt);
    tell(output, rebuilt);
  });
}

function tell(
  output: Output,
  { old, groups, keys, dropped, floors, path }: SidecarRebuilt & { path: string },
): void {
  output.notes(`the old sidecar was ${old}\n`);
  if (groups.length === 0) {
    output.notes('no group holds keys yet: the log brings them, and with them a sidecar\n');
  } else {
    output.notes(`${path}/keys.json is made of the keys of group ${groups.join(', ')}\n`);
    printTable(
      output,
      ['key', 'purpose', 'state', 'goes on above epoch', 'from'],
      keys.map(({ keyId, purpose, state, epoch, from }) => [
        String(keyId),
        purpose,
        state,
        String(epoch),
        from,
      ]),
    );
  }
  for (const { keyId, epoch } of floors)
    output.notes(`key ${keyId} is not here yet; the node will begin above epoch ${epoch}\n`);
  for (const keyId of dropped)
    output.notes(`key ${keyId} of the old sidecar does not open and was left out\n`);
}
