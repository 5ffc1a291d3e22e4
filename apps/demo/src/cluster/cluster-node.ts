import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificates } from '../certificates.js';
import { NodeProcess } from '../node-process.js';

/** Where one member of a cluster listens. Fixed, so that it comes back where the others look for it. */
export interface NodePorts {
  readonly client: string;
  readonly peer: string;
}

/** Where on the network a node runs. */
export interface NodePlace {
  readonly host: string;
  /** A command that runs its process there. */
  readonly prefix: readonly string[];
  /** What to tell peers instead of the address it listens on. */
  advertise(address: string): Promise<string>;
}

export const LOOPBACK: NodePlace = {
  host: '127.0.0.1',
  prefix: [],
  advertise: (address) => Promise.resolve(address),
};

export interface ClusterNodeParts {
  readonly name: string;
  readonly folder: string;
  readonly kekPath: string;
  readonly certificates: Certificates;
  readonly ports: NodePorts;
  readonly place: NodePlace;
  /** What peers are told. */
  readonly peerAddress: string;
  /** Sections that replace or extend those of the configuration. */
  readonly changes: Readonly<Record<string, unknown>>;
}

/** One member of a cluster on this machine: its files, and its process while it runs. */
export class ClusterNode {
  readonly name: string;
  readonly dataDir: string;
  readonly ports: NodePorts;
  readonly peerAddress: string;
  readonly #parts: ClusterNodeParts;
  #process: NodeProcess | undefined;
  readonly #past: NodeProcess[] = [];

  constructor(parts: ClusterNodeParts) {
    this.name = parts.name;
    this.dataDir = join(parts.folder, parts.name, 'data');
    this.ports = parts.ports;
    this.peerAddress = parts.peerAddress;
    this.#parts = parts;
  }

  get process(): NodeProcess {
    if (this.#process === undefined) throw new RangeError(`${this.name} does not run`);
    return this.#process;
  }

  get runs(): boolean {
    return this.#process !== undefined;
  }

  /** Everything that any of its processes has said so far. */
  get said(): string {
    return this.#past.map(({ log }) => log).join('');
  }

  /** Resolves once it serves, with the mutual TLS of the cluster on both of its doors. */
  async start(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const config = await this.configure(changes);
    this.#process = await NodeProcess.start(['run', '--config', config], {}, this.#parts.place.prefix);
    this.#past.push(this.#process);
  }

  /** Writes its configuration, and leaves the process alone; answers the path. */
  async configure(changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const config = join(this.#parts.folder, this.name, 'caisson.json');
    await writeFile(config, JSON.stringify(merged(await this.#document(), changes)));
    return config;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const ended = await this.#process?.end(signal);
    this.#process = undefined;
    return ended ?? null;
  }

  async #document(): Promise<Sections> {
    const { certificates, kekPath, ports, place, peerAddress, changes, name } = this.#parts;
    const { cert, key } = await certificates.issue(name, name, [place.host]);
    const tls = { cert, key: { file: key }, ca: certificates.path('ca.pem') };
    const access = {
      certificates: [
        { commonName: 'app', role: 'writer' },
        { commonName: 'ops', role: 'operator' },
      ],
    };
    const document = {
      'platform-node': { log: { format: 'json', level: 'info' } },
      'data-directory': { path: this.dataDir },
      'kek-file': { path: kekPath },
      'store-rocksdb': { compression: false },
      'engine-raft': { clientAddress: ports.client },
      'transport-grpc': { listen: ports.peer, advertise: peerAddress, tls },
      'gateway-grpc': { listen: ports.client, tls: { ...tls, requireClientCertificate: true }, access },
      'admin-http': { listen: '127.0.0.1:0' },
    };
    return merged(document, changes);
  }
}

type Sections = Readonly<Record<string, unknown>>;

/** Fields of a section that is changed replace those of the same name; the others stay. */
function merged(document: Sections, changes: Sections): Sections {
  const sections = Object.entries(changes).map(([id, change]) => [
    id,
    typeof change === 'object' ? { ...(document[id] as object | undefined), ...change } : change,
  ]);
  return { ...document, ...Object.fromEntries(sections) };
}

/**
 * Ports that were free a moment ago, on every address of this machine, and that no outgoing connection is
 * given while their node is away: they lie below the range that the system hands out by itself.
 */
export async function freePorts(host: string): Promise<NodePorts> {
  const [client, peer] = [await freePort(), await freePort()];
  return { client: `${host}:${client}`, peer: `${host}:${peer}` };
}

const LOWEST_PORT = 18_000;
const HIGHEST_PORT = 32_000;

async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '0.0.0.0', () => resolve(true));
    });
    if (!isFree) continue;
    await once(server.close(), 'close');
    return port;
  }
}
