import { CaissonError } from '@caisson/contracts';
import { connect, type CaissonClient } from '@caisson/client';
import { Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';

/** How to reach a node; every field also comes from the environment. */
export interface ConnectionOptions {
  readonly address: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly tokenFile?: string;
  readonly timeout: number;
}

const DEFAULT_ADDRESS = '127.0.0.1:7700';
const DEFAULT_TIMEOUT_MS = 30_000;
/** After which a person is told what is being waited for. */
const SILENCE_MS_MAX = 1_500;

export function addConnectionOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--address <host:port>', 'node to talk to').env('CAISSON_ADDRESS').default(DEFAULT_ADDRESS),
    )
    .addOption(
      new Option('--ca <file>', 'authority of the server’s certificate (turns TLS on)').env('CAISSON_CA'),
    )
    .addOption(new Option('--cert <file>', 'own certificate').env('CAISSON_CERT'))
    .addOption(new Option('--key <file>', 'key of the own certificate').env('CAISSON_KEY'))
    .addOption(new Option('--server-name <name>', 'name to check the server’s certificate for'))
    .addOption(new Option('--token-file <file>', 'file with a bearer token').env('CAISSON_TOKEN_FILE'))
    .addOption(
      new Option('--timeout <ms>', 'how long a call may take')
        .argParser(milliseconds)
        .default(DEFAULT_TIMEOUT_MS),
    );
}

export function openClient(options: ConnectionOptions): CaissonClient {
  const { ca, cert, key, serverName } = options;
  const tls = ca || cert ? { ...pem('ca', ca), ...pem('cert', cert), ...pem('key', key) } : undefined;
  const token = options.tokenFile === undefined ? undefined : read(options.tokenFile).toString('utf8').trim();
  return connect({
    address: options.address,
    deadlineMs: options.timeout,
    ...(tls && { tls: { ...tls, ...(serverName && { serverName }) } }),
    ...(token && { token }),
  });
}

/** Runs `work` with a client and closes it afterwards, whatever happens. */
export async function withClient<T>(
  options: ConnectionOptions,
  work: (client: CaissonClient) => Promise<T>,
): Promise<T> {
  const client = openClient(options);
  const note = setTimeout(() => {
    if (!client.isConnected)
      process.stderr.write(`caisson: ${options.address} does not answer yet, waiting\n`);
  }, SILENCE_MS_MAX);
  try {
    return await work(client);
  } finally {
    clearTimeout(note);
    client.close();
  }
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new CaissonError('INVALID_ARGUMENT', { field: 'timeout', limit: 'a whole number of milliseconds' });
}

function pem(name: string, file: string | undefined): Record<string, Uint8Array> {
  return file === undefined ? {} : { [name]: read(file) };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CaissonError('SECRET_UNAVAILABLE', { file }, { cause });
  }
}
