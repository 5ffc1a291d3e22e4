import { Gateway } from '@caisson/contracts';
import { readConfigFile, type Host } from '@caisson/kernel';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { Command, Option } from 'commander';
import { dirname, relative, resolve } from 'node:path';
import tls from 'node:tls';
import { prepareDev, type DevSetup } from './dev.js';
import { createServer, exitCodeOf, reportFailure, runUntilStopped, type Process } from './run.js';

// TLS 1.3 or nothing, on every socket of this process; the gRPC library logs past our logger otherwise.
tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
setLogVerbosity(logVerbosity.NONE);

const systemProcess: Process = {
  on: (signal, listener) => process.on(signal, listener),
  exit: (code) => process.exit(code),
  write: (text) => void process.stderr.write(text),
};

/** Where the CLI looks when it is told nothing. */
const DEFAULT_ADDRESS = '127.0.0.1:7700';

interface CommonOptions {
  readonly set: readonly string[];
}

const overrides = new Option('--set <path=value>', 'override one field of the configuration; may be repeated')
  .default([] as string[], 'none')
  .argParser((value: string, before: readonly string[]) => [...before, value]);

const program = new Command('caissond')
  .description('The Caisson server: a key-value store whose disk holds only ciphertext.')
  .addHelpText(
    'after',
    `
Examples:
  $ caissond run --config caisson.yaml
  $ caissond run --config caisson.yaml --set gateway-grpc.listen=127.0.0.1:7800
  $ caissond dev`,
  );

program
  .command('run', { isDefault: true })
  .description('run a node from one configuration file')
  .requiredOption('-c, --config <file>', 'YAML or JSON, one section per plugin')
  .addOption(overrides)
  .action(({ config, set }: CommonOptions & { config: string }) =>
    finish(async () => {
      const file = resolve(config);
      const document = await readConfigFile(file);
      const reread = () => readConfigFile(file);
      const host = await createServer({ document, overrides: set, directory: dirname(file), reread });
      return runUntilStopped(host, systemProcess);
    }),
  );

program
  .command('dev')
  .description('run an encrypted node for development on an embedded default')
  .option('--folder <path>', 'where data and development KEK live', '.caisson')
  .addOption(overrides)
  .action(({ folder, set }: CommonOptions & { folder: string }) =>
    finish(async () => {
      const setup = await prepareDev(folder);
      const host = await createServer({ document: setup.document, overrides: set, directory: resolve('.') });
      return runUntilStopped(host, systemProcess, (running) => greet(running, setup));
    }),
  );

await program.parseAsync();

async function finish(work: () => Promise<number>): Promise<never> {
  let code: number;
  try {
    code = await work();
  } catch (error) {
    reportFailure(error, systemProcess);
    code = exitCodeOf(error);
  }
  process.exit(code);
}

function greet(host: Host, setup: DevSetup): void {
  const address = host.get(Gateway)[0]?.addresses[0] ?? '';
  const here = (path: string) => relative(process.cwd(), path) || '.';
  const made = setup.created ? 'made just now' : 'used again';
  const flag = address === DEFAULT_ADDRESS ? '' : ` --address ${address}`;
  process.stdout.write(`
Caisson serves an encrypted store on ${address}.
  data             ${here(setup.dataDir)}  (${made})
  development KEK  ${here(setup.kekPath)}  (without it the data cannot be read; not for production)

Type in another terminal:
  npx caisson put greeting "hello"${flag}
  npx caisson get greeting${flag}
  npx caisson scan --limit 10${flag}
  npx caisson status${flag}

Stop with Ctrl-C.
`);
}
