import type { Command } from 'commander';
import { addAction } from '../session/action.js';
import { addConnectionOptions, withEncryption, type ConnectionOptions } from '../session/connection.js';
import { KeyOrderProgress } from '../session/key-order-progress.js';
import { printJson } from '../session/output.js';

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
