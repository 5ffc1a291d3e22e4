import type { Birth } from '@caisson/contracts';
import { initialiseNode } from '@caisson/server';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '../certificates.js';
import { runCli, type Ran } from '../node-process.js';
import { ClusterNode, freePorts, LOOPBACK, type NodePlace } from './cluster-node.js';

/** What `cluster digest` says of one node. */
export interface NodeDigest {
  readonly group: number;
  readonly position: number;
  readonly digest: string;
}

export interface PlaygroundOptions {
  /** Default: encrypted. A cluster born clear gets a KEK file as well, for what may become of it. */
  readonly birth?: Birth;
  /** Sections of every node's configuration. */
  readonly changes?: Readonly<Record<string, unknown>>;
  /** Where each node runs. Default: on loopback. */
  readonly place?: (name: string) => NodePlace;
}

/** An encrypted cluster of real processes on loopback, with an authority of its own. */
export class ClusterPlayground {
  readonly nodes: ClusterNode[] = [];
  readonly #birth: Birth;
  readonly #changes: Readonly<Record<string, unknown>>;
  readonly #place: (name: string) => NodePlace;

  private constructor(
    readonly folder: string,
    readonly certificates: Certificates,
    { birth = 'encrypted', changes = {}, place = () => LOOPBACK }: PlaygroundOptions,
  ) {
    this.#birth = birth;
    this.#changes = changes;
    this.#place = place;
  }

  static async create(options: PlaygroundOptions = {}): Promise<ClusterPlayground> {
    const folder = await mkdtemp(join(tmpdir(), 'caisson-cluster-'));
    const certificates = await Certificates.create(join(folder, 'tls'));
    for (const name of ['app', 'ops']) await certificates.issue(name, name);
    const playground = new ClusterPlayground(folder, certificates, options);
    if (options.birth === 'clear') await playground.makeKek('kek.key');
    return playground;
  }

  get kekPath(): string {
    return join(this.folder, 'kek.key');
  }

  /** A KEK of its own in the folder of the cluster; answers its path. */
  async makeKek(name: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, randomBytes(32), { mode: 0o600 });
    return path;
  }

  /** Founds the cluster with its first node. */
  async found(name: string): Promise<ClusterNode> {
    const node = await this.#make(name);
    await initialiseNode({ dataDir: node.dataDir, name, birth: this.#birth, kekPath: this.kekPath });
    await node.start();
    return node;
  }

  /** A node of this cluster that is not a member yet, running. */
  async prepare(name: string, through: ClusterNode): Promise<ClusterNode> {
    const node = await this.#make(name);
    const token = (await this.ops(through, 'token')).stdout.trim();
    const flags = ['--data-dir', node.dataDir, '--name', name, '--kek-file', this.kekPath];
    await succeed(runCli(['init', '--join', token, ...flags]));
    await node.start();
    return node;
  }

  /** Prepares a node and makes it a member. */
  async join(name: string, through: ClusterNode, ...flags: readonly string[]): Promise<ClusterNode> {
    const node = await this.prepare(name, through);
    await this.admit(node, through, ...flags);
    return node;
  }

  admit(node: ClusterNode, through: ClusterNode, ...flags: readonly string[]): Promise<Ran> {
    const addresses = ['--peer-address', node.peerAddress, '--client-address', node.ports.client];
    return this.ops(through, 'add', node.name, ...addresses, ...flags);
  }

  /** An order of the operator, given to one node; rejects unless it succeeds. */
  ops(node: ClusterNode, ...order: readonly string[]): Promise<Ran> {
    return succeed(this.tryOps(node, ...order));
  }

  tryOps(node: ClusterNode, ...order: readonly string[]): Promise<Ran> {
    return this.run(node, 'cluster', ...order);
  }

  /** Any command line of the operator, given to one node. */
  run(node: ClusterNode, ...words: readonly string[]): Promise<Ran> {
    return runCli([...words, '--address', node.ports.client, ...this.tlsFlags('ops')]);
  }

  tlsFlags(name: 'app' | 'ops'): readonly string[] {
    const path = (file: string) => this.certificates.path(file);
    return ['--ca', path('ca.pem'), '--cert', path(`${name}.pem`), '--key', path(`${name}.key`)];
  }

  async clientTls(name: 'app' | 'ops') {
    const [ca, cert, key] = await Promise.all(
      ['ca.pem', `${name}.pem`, `${name}.key`].map((file) => readFile(this.certificates.path(file))),
    );
    return { ca: ca!, cert: cert!, key: key! };
  }

  async digestOf(node: ClusterNode, position = 0): Promise<NodeDigest> {
    const { stdout } = await this.ops(node, 'digest', '--position', String(position), '--json');
    return JSON.parse(stdout) as NodeDigest;
  }

  /** Who leads, as one node sees it. */
  async leaderBy(node: ClusterNode): Promise<string | undefined> {
    const { stdout } = await this.ops(node, 'status', '--json');
    const { groups } = JSON.parse(stdout) as { groups: readonly { leader?: string }[] };
    return groups[0]?.leader;
  }

  async remove(): Promise<void> {
    for (const node of this.nodes) await node.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  async #make(name: string): Promise<ClusterNode> {
    const { folder, kekPath, certificates } = this;
    await mkdir(join(folder, name), { recursive: true });
    const place = this.#place(name);
    const ports = await freePorts(place.host);
    const peerAddress = await place.advertise(ports.peer);
    const where = { ports, place, peerAddress };
    const node = new ClusterNode({ name, folder, kekPath, certificates, ...where, changes: this.#changes });
    this.nodes.push(node);
    return node;
  }
}

async function succeed(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.exitCode !== 0)
    throw new RangeError(`caisson ended with ${ran.exitCode}: ${ran.stderr}${ran.stdout}`);
  return ran;
}
