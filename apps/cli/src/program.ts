import { Command, CommanderError } from 'commander';
import { addAudit } from './commands/audit.js';
import { addBackup } from './commands/backup.js';
import { addCluster } from './commands/cluster.js';
import { addCompletion } from './commands/completion.js';
import { addConfig } from './commands/config.js';
import { addDoctor } from './commands/doctor.js';
import { addEncryption } from './commands/encryption.js';
import { addInit } from './commands/init.js';
import { addInspect } from './commands/inspect.js';
import { addKek } from './commands/kek.js';
import { addPairCommands } from './commands/pairs.js';
import { addPlugin } from './commands/plugin.js';
import { addStatus } from './commands/status.js';
import { addTransferCommands } from './commands/transfer.js';
import { innermost, report } from './session/action.js';
import { processOutput } from './session/output.js';

/** Every command of `caisson`. */
export function createProgram(): Command {
  const program = new Command('caisson')
    .description('Talk to a Caisson node, make one, or look into its directory.')
    // Set first: subcommands inherit it. Wrong words must not end like "absent" does.
    .exitOverride()
    .version('0.1.0')
    .showHelpAfterError('(caisson <command> --help shows an example)')
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 absent or not as expected, others as in the error reference.

Examples:
  $ caisson init --data-dir ./data --config caisson.yaml
  $ caisson put greeting "hello" && caisson get greeting
  $ caisson import data.jsonl`,
    );
  addInit(program);
  addPairCommands(program);
  addTransferCommands(program);
  addStatus(program);
  addCluster(program);
  addEncryption(program);
  addKek(program);
  addBackup(program);
  addAudit(program);
  addDoctor(program);
  addInspect(program);
  addPlugin(program);
  addConfig(program);
  addCompletion(program);
  return program;
}

const EXIT_USAGE = 64;

/**
 * Runs one command line and answers its exit code. What is wrong with the words is 64, whoever noticed it.
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    return report(innermost(error), processOutput(argv.includes('--json')));
  }
}
