import { CaissonError } from '@caisson/contracts';
import {
  AuditClient,
  BackupClient,
  ClusterClient,
  connect,
  EncryptionClient,
  type CaissonClient,
  type ClientTls,
} from '@caisson/client';
import { Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';

/** With what to reach a node; every field also comes from the environment. */
export interface AccessOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly tokenFile?: string;
  readonly timeout: number;
}

export interface ConnectionOptions extends AccessOptions {
  /** One or more nodes of a cluster. */
  readonly address: readonly string[];
}

const DEFAULT_ADDRESSES: readonly string[] = ['127.0.0.1:7700'];
const DEFAULT_TIMEOUT_MS = 30_000;
/** After which a person is told what is being waited for. */
const SILENCE_MS_MAX = 1_500;

export function addConnectionOptions(command: Command, timeoutMs = DEFAULT_TIMEOUT_MS): Command {
  const address = new Option(
    '--address <host:port>',
    'node to talk to; several with commas or by repeating the option',
  );
  command.addOption(
    address
      .env('CAISSON_ADDRESS')
      .argParser(collectAddresses)
      .default(DEFAULT_ADDRESSES, DEFAULT_ADDRESSES.join()),
  );
  return addAccessOptions(command, timeoutMs);
}

export function addAccessOptions(command: Command, timeoutMs = DEFAULT_TIMEOUT_MS): Command {
  return command
    .addOption(
      new Option('--ca <file>', 'authority of the server’s certificate (turns TLS on)').env('CAISSON_CA'),
    )
    .addOption(new Option('--cert <file>', 'own certificate').env('CAISSON_CERT'))
    .addOption(new Option('--key <file>', 'key of the own certificate').env('CAISSON_KEY'))
    .addOption(new Option('--server-name <name>', 'name to check the server’s certificate for'))
    .addOption(new Option('--token-file <file>', 'file with a bearer token').env('CAISSON_TOKEN_FILE'))
    .addOption(
      new Option('--timeout <ms>', 'how long a call may take').argParser(milliseconds).default(timeoutMs),
    );
}

export function openClient(options: ConnectionOptions): CaissonClient {
  return connect({ address: options.address, deadlineMs: options.timeout, ...accessOf(options) });
}

/** Runs `work` with a client and closes it afterwards, whatever happens. */
export function withClient<T>(
  options: ConnectionOptions,
  work: (client: CaissonClient) => Promise<T>,
): Promise<T> {
  return withOpen(openClient(options), options.address, work);
}

/** The same with a client for the orders of operators. Each way it takes is said once. */
export function withCluster<T>(
  options: ConnectionOptions,
  work: (client: ClusterClient) => Promise<T>,
): Promise<T> {
  return withOpen(new ClusterClient(orderOptions(options)), options.address, work);
}

/** The same for orders about keys. */
export function withEncryption<T>(
  options: ConnectionOptions,
  work: (client: EncryptionClient) => Promise<T>,
): Promise<T> {
  return withOpen(new EncryptionClient(orderOptions(options)), options.address, work);
}

/** The same for the record of what was ordered. */
export function withAudit<T>(
  options: ConnectionOptions,
  work: (client: AuditClient) => Promise<T>,
): Promise<T> {
  const { address: addresses } = options;
  return withOpen(new AuditClient({ addresses, ...accessOf(options) }), addresses, work);
}

/** The same for backups, of the first node that is named. */
export function withBackup<T>(
  options: ConnectionOptions,
  work: (client: BackupClient) => Promise<T>,
): Promise<T> {
  const address = options.address[0]!;
  return withOpen(new BackupClient({ address, ...accessOf(options) }), [address], work);
}

function orderOptions(options: ConnectionOptions) {
  const said = new Set<string>();
  const onDetour = ({ code, details }: CaissonError, next: string): void => {
    const { address } = details;
    const where = code === 'UNAVAILABLE' && address !== undefined ? ` ${String(address)}` : '';
    const note = `caisson: ${code}${where}, going on at ${next}\n`;
    if (!said.has(note)) process.stderr.write(note);
    said.add(note);
  };
  const { address: addresses, timeout: deadlineMs } = options;
  return { addresses, deadlineMs, onDetour, ...accessOf(options) };
}

async function withOpen<Client extends { readonly isConnected: boolean; close(): void }, T>(
  client: Client,
  addresses: readonly string[],
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const note = setTimeout(() => {
    if (!client.isConnected)
      process.stderr.write(`caisson: ${addresses.join(' or ')} does not answer yet, waiting\n`);
  }, SILENCE_MS_MAX);
  try {
    return await work(client);
  } finally {
    clearTimeout(note);
    client.close();
  }
}

function accessOf(options: AccessOptions): { readonly tls?: ClientTls; readonly token?: string } {
  const { ca, cert, key, serverName } = options;
  const tls = ca || cert ? { ...pem('ca', ca), ...pem('cert', cert), ...pem('key', key) } : undefined;
  const token = options.tokenFile === undefined ? undefined : read(options.tokenFile).toString('utf8').trim();
  return {
    ...(tls && { tls: { ...tls, ...(serverName && { serverName }) } }),
    ...(token && { token }),
  };
}

function collectAddresses(text: string, before: readonly string[]): readonly string[] {
  const addresses = text.split(',').map((address) => address.trim());
  const wrong = addresses.find((address) => !isAddress(address));
  if (wrong !== undefined)
    throw new CaissonError('INVALID_ARGUMENT', { field: 'address', limit: 'host:port', value: wrong });
  return before === DEFAULT_ADDRESSES ? addresses : [...before, ...addresses];
}

/** Whether a text looks like `host:port`. */
export function isAddress(text: string): boolean {
  return /^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/.test(text);
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
