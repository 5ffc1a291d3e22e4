import { initialiseNode, type Initialised } from '@caisson/server';
import type { Command } from 'commander';
import { access, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { addAction } from '../session/action.js';
import { printJson } from '../session/output.js';

interface InitOptions {
  readonly dataDir: string;
  readonly name?: string;
  readonly kekFile?: string;
  readonly clear?: boolean;
  readonly config?: string;
}

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('make the directory of a new node, and for development a KEK file outside it')
    .requiredOption('--data-dir <path>', 'directory of the node; must not exist or be empty')
    .option('--name <name>', 'name of the node, unique in its cluster (default: the name of this host)')
    .option('--kek-file <path>', 'KEK file; made if it does not exist (default: <data-dir>-kek.key)')
    .option('--clear', 'a node without encryption')
    .option('--config <path>', 'also write a configuration file to start from')
    .addHelpText('after', '\nExample:\n  $ caisson init --data-dir ./data --config caisson.yaml');
  addAction<InitOptions>(command, async ({ options, output }) => {
    const { dataDir, name = hostname(), clear } = options;
    const birth = clear ? 'clear' : 'encrypted';
    const kekPath = options.kekFile ?? `${dataDir.replace(/\/+$/, '')}-kek.key`;
    const made = await initialiseNode({ dataDir, name, birth, kekPath });
    const config =
      options.config === undefined ? undefined : await writeConfig(resolve(options.config), made);
    if (output.json) return printJson(output, { ...made, name, birth, ...(config && { config }) });
    output.notes(explain(made, name));
    const file = relative('.', config ?? 'caisson.yaml');
    output.notes(
      config
        ? `\nStart it:\n  caissond run --config ${file}\n`
        : `\nA configuration for it:\n\n${configText(made)}`,
    );
  });
}

function explain({ dataDir, kekPath, kekCreated }: Initialised, name: string): string {
  const node = `Node ${name} is ready in ${dataDir}.\n`;
  if (!kekPath) return `${node}Encryption is off: everything it stores will be readable on disk.\n`;
  return `${node}
KEK file: ${kekPath} (${kekCreated ? 'made just now, 32 random bytes, mode 600' : 'was there already'})
  Everything this node stores can be read only with this key.
  Lose it, and the data is gone: there is no other way in. Copy it to a safe place that is not this disk.
  Leave it beside the data on a disk that is taken away, and the encryption protects nothing.
`;
}

function configText({ dataDir, kekPath }: Initialised): string {
  return stringify({
    'data-directory': { path: dataDir },
    ...(kekPath ? { 'kek-file': { path: kekPath } } : { 'applier-encryption': { enabled: false } }),
    'gateway-grpc': { listen: '127.0.0.1:7700' },
    'admin-http': { listen: '127.0.0.1:7701' },
  });
}

/** An existing file is somebody's work and stays as it is. */
async function writeConfig(path: string, made: Initialised): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) await writeFile(path, configText(made), { flag: 'wx' });
  return path;
}
