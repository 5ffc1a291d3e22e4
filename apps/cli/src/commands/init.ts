import type { JoinToken } from '@caisson/formats';
import type { Initialised } from '@caisson/server';
import { CaissonError } from '@caisson/contracts';
import type { Command } from 'commander';
import { hostname } from 'node:os';
import { relative, resolve } from 'node:path';
import { configText, writeConfig } from '../data/first-config.js';
import { clusterToJoin, refuseUnwelcome } from '../data/join.js';
import { addAction } from '../session/action.js';
import { addAccessOptions, isAddress, type AccessOptions } from '../session/connection.js';
import { printJson } from '../session/output.js';

interface InitOptions extends AccessOptions {
  readonly dataDir: string;
  readonly name?: string;
  readonly kekFile?: string;
  readonly clear?: boolean;
  readonly config?: string;
  readonly join?: string;
  readonly peerListen?: string;
}

/** Where a node that joins is reached by the others unless it says otherwise. */
const PEER_LISTEN = '127.0.0.1:7800';

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('make the directory of a new node, and for development a KEK file outside it')
    .requiredOption('--data-dir <path>', 'directory of the node; must not exist or be empty')
    .option('--name <name>', 'name of the node, unique in its cluster (default: the name of this host)')
    .option('--kek-file <path>', 'KEK file; made if it does not exist (default: <data-dir>-kek.key)')
    .option('--clear', 'a node without encryption')
    .option('--join <token or host:port>', 'a node for a cluster that exists, with the KEK of that cluster')
    .option('--config <path>', 'also write a configuration file to start from')
    .option(
      '--peer-listen <host:port>',
      'in that configuration: where the other nodes reach this one (default with --join: 127.0.0.1:7800)',
    )
    .addHelpText(
      'after',
      `
Options about TLS and tokens are for --join with an address.

Examples:
  $ caisson init --data-dir ./data --config caisson.yaml
  $ caisson init --join "$(caisson cluster token)" --name n2 --data-dir ./n2 --kek-file ./kek.key`,
    );
  addAction<InitOptions>(addAccessOptions(command), async ({ options, output, signal }) => {
    const { dataDir, name = hostname() } = options;
    const cluster = await clusterOf(options, signal);
    if (cluster) refuseUnwelcome(name, cluster);
    const kekPath = options.kekFile ?? `${dataDir.replace(/\/+$/, '')}-kek.key`;
    const { initialiseNode } = await import('../data/server-parts.js');
    const made = await initialiseNode({
      dataDir,
      name,
      kekPath,
      ...(cluster ? { cluster } : { birth: options.clear ? 'clear' : 'encrypted' }),
    });
    const { peerListen = cluster && PEER_LISTEN } = options;
    const text = configText(made, peerListen === undefined ? {} : { peerListen });
    const config = options.config === undefined ? undefined : resolve(options.config);
    if (config) await writeConfig(config, text);
    const joined = cluster !== undefined;
    if (output.json) return printJson(output, { ...made, name, joined, ...(config && { config }) });
    output.notes(explain(made, name));
    const file = relative('.', config ?? 'caisson.yaml');
    const start = `\nStart it:\n  caissond run --config ${file}\n`;
    output.notes(config ? start : `\nA configuration for it:\n\n${text}`);
    if (joined) output.notes(welcome(name, cluster));
  });
}

async function clusterOf(options: InitOptions, signal: AbortSignal): Promise<JoinToken | undefined> {
  const { join, clear, peerListen } = options;
  if (peerListen !== undefined && !isAddress(peerListen))
    throw new CaissonError('INVALID_ARGUMENT', { field: 'peer-listen', limit: 'host:port' });
  if (join === undefined) return undefined;
  const cluster = await clusterToJoin(join, options, signal);
  if (clear && cluster.birth === 'encrypted')
    throw new CaissonError('INVALID_ARGUMENT', { field: 'clear', limit: 'the cluster is encrypted' });
  return cluster;
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

function welcome(name: string, { members }: JoinToken): string {
  const clients = members.flatMap(({ clientAddress }) => clientAddress || []);
  const address = clients.length === 0 ? '' : ` --address ${clients.join()}`;
  return `\nOnce it runs, let it in:\n  caisson cluster add ${name}${address} --peer-address … --client-address …\n`;
}
