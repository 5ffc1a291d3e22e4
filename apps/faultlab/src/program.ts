import { Command, CommanderError } from 'commander';
import { chaosCommand } from './commands/chaos.js';
import { crashpointsCommand } from './commands/crashpoints.js';
import { doctorCommand } from './commands/doctor.js';
import { mutantsCommand } from './commands/mutants.js';
import { UsageError } from './commands/plan-file.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { shrinkCommand } from './commands/shrink.js';
import { simCommand } from './commands/sim.js';
import { syscallsCommand } from './commands/syscalls.js';
import { beAlone } from './kernel/real-world.js';
import { EXIT_CODES } from './oracles/rules.js';

const CODES = Object.entries(EXIT_CODES).map(([name, code]) => `${code} ${name}`);

const program = new Command('faultlab')
  .description('Attacks simulated clusters, and holds them to what they promise.')
  .addCommand(simCommand())
  .addCommand(replayCommand())
  .addCommand(shrinkCommand())
  .addCommand(mutantsCommand())
  .addCommand(crashpointsCommand())
  .addCommand(syscallsCommand())
  .addCommand(chaosCommand())
  .addCommand(doctorCommand())
  .addCommand(reportCommand())
  .addHelpText('after', `\nExit codes: ${CODES.join(', ')}`);

for (const command of [program, ...program.commands]) command.exitOverride();

beAlone();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  else if (error instanceof UsageError) {
    process.stderr.write(`faultlab: ${error.message}\n`);
    process.exitCode = EXIT_CODES.usage;
  } else throw error;
}
