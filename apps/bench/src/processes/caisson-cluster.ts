import { ClusterClient, type ClusterStatus } from '@caisson/client';
import { decodeJoinToken, type JoinToken } from '@caisson/formats';
import { initialiseNode } from '@caisson/server';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaissonNode } from './caisson-node.js';
import { freePorts } from './ports.js';

const PATIENCE_MS = 60_000;
const CONFIG = 'caisson.json';

export interface ClusterOptions {
  /** Fields of every node's section of the engine. */
  readonly engine?: Readonly<Record<string, unknown>>;
}

interface Addresses {
  readonly client: string;
  readonly peer: string;
}

/** One member: its directory and addresses, and its process while it runs. */
export class Member {
  #node: CaissonNode | undefined;

  constructor(
    readonly name: string,
    readonly folder: string,
    readonly addresses: Addresses,
  ) {}

  get node(): CaissonNode {
    if (this.#node === undefined) throw new RangeError(`${this.name} does not run`);
    return this.#node;
  }

  async start(): Promise<void> {
    this.#node = await CaissonNode.startFrom(join(this.folder, CONFIG));
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#node?.end(signal);
  }
}

/** An encrypted cluster on loopback, without TLS as the other side of the comparison; a process each. */
export class CaissonCluster {
  readonly members: Member[] = [];
  #operator: ClusterClient | undefined;

  private constructor(
    private readonly folder: string,
    private readonly options: ClusterOptions,
  ) {}

  static async start(folder: string, size: number, options: ClusterOptions = {}): Promise<CaissonCluster> {
    const cluster = new CaissonCluster(folder, options);
    try {
      await cluster.#found('n1');
      for (let at = 2; at <= size; at++) await cluster.join(`n${at}`);
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  get clientAddresses(): readonly string[] {
    return this.members.map(({ addresses }) => addresses.client);
  }

  /** Makes a node and lets it in; resolves with it once it has caught up. */
  async join(name: string, { learner = false }: { readonly learner?: boolean } = {}): Promise<Member> {
    const member = await this.prepare(name);
    await this.admit(member, learner);
    return member;
  }

  /** A node of this cluster that runs and is no member yet. */
  async prepare(name: string): Promise<Member> {
    const token = decodeJoinToken(await this.#ops().joinToken());
    return this.#make(name, token);
  }

  async admit({ name, addresses }: Member, learner: boolean): Promise<void> {
    const { client, peer } = addresses;
    const request = { name, address: peer, clientAddress: client, learner };
    await finished(this.#ops().add(request));
  }

  /** Takes it out of the cluster, and ends it. */
  async remove(member: Member): Promise<void> {
    await finished(this.#ops().remove(member.name));
    await member.end('SIGKILL');
    this.members.splice(this.members.indexOf(member), 1);
  }

  async status(): Promise<ClusterStatus> {
    return this.#ops().status({ deadlineMs: PATIENCE_MS });
  }

  /** Waits until one member leads and every other is heard of and up to date with it. */
  async settled(): Promise<{ readonly leader: Member; readonly followers: readonly Member[] }> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const group = (await this.status()).groups[0];
      const leader = this.members.find(({ name }) => group?.leads && name === group.leader);
      const others = group?.members.filter(({ name }) => name !== group.leader) ?? [];
      const isLevel = others.every(({ progress }) => progress?.active && progress.matched >= group!.applied);
      if (leader && isLevel) {
        return { leader, followers: this.members.filter((member) => member !== leader) };
      }
      if (performance.now() > end) throw new RangeError('the cluster does not settle');
      await sleep(100);
    }
  }

  async transfer(): Promise<void> {
    await finished(this.#ops().transfer(undefined));
  }

  async end(): Promise<void> {
    this.#operator?.close();
    await Promise.all(this.members.map((member) => member.end('SIGKILL')));
  }

  async #found(name: string): Promise<void> {
    await this.#make(name);
    this.#operator = new ClusterClient({ addresses: [this.members[0]!.addresses.client] });
  }

  async #make(name: string, cluster?: JoinToken): Promise<Member> {
    const ports = await freePorts(2);
    const [client, peer] = ports.map((port) => `127.0.0.1:${port}`);
    const folder = join(this.folder, name);
    const dataDir = join(folder, 'data');
    const kekPath = join(this.folder, 'kek.key');
    await initialiseNode({ dataDir, name, kekPath, ...(cluster && { cluster }) });
    const config = join(folder, CONFIG);
    const document = {
      'platform-node': { log: { format: 'json', level: 'info' } },
      'data-directory': { path: dataDir },
      'kek-file': { path: kekPath },
      'engine-raft': { clientAddress: client, ...this.options.engine },
      'transport-grpc': { listen: peer },
      'gateway-grpc': { listen: client },
      'admin-http': { listen: '127.0.0.1:0' },
    };
    await writeFile(config, JSON.stringify(document));
    const member = new Member(name, folder, { client: client!, peer: peer! });
    await member.start();
    this.members.push(member);
    return member;
  }

  /** Through whichever member answers. */
  #ops(): ClusterClient {
    if (this.#operator === undefined) throw new RangeError('the cluster was not founded');
    return this.#operator;
  }
}

async function finished(steps: AsyncIterable<unknown>): Promise<void> {
  for await (const step of steps) void step;
}
