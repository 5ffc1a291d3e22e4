import { access, constants, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildServer } from '../processes/child-server.js';
import { freePorts } from '../processes/ports.js';
import { EtcdClient } from './etcd-client.js';

const READY_MS_MAX = 30_000;
const QUOTA_BYTES = 16 * 1024 ** 3;

interface MemberPlan {
  readonly name: string;
  readonly folder: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

/**
 * Members of one etcd cluster on loopback, at etcd's own defaults: every acknowledged write is synced to the
 * log of a quorum.
 */
export class EtcdCluster {
  readonly members: EtcdMember[] = [];

  static async start(path: string, folder: string, size: number): Promise<EtcdCluster> {
    const ports = await freePorts(2 * size);
    const plans = Array.from({ length: size }, (_, at) => ({
      name: `e${at + 1}`,
      folder: join(folder, `e${at + 1}`),
      clientPort: ports[2 * at]!,
      peerPort: ports[2 * at + 1]!,
    }));
    await mkdir(folder, { recursive: true });
    const cluster = new EtcdCluster();
    for (const plan of plans) cluster.members.push(new EtcdMember(path, plan, plans));
    try {
      await cluster.leader();
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  /** Waits until a majority agrees on one. */
  async leader(): Promise<EtcdMember> {
    const end = performance.now() + READY_MS_MAX;
    for (;;) {
      for (const member of this.members) {
        const status = await member.client.status().catch(() => undefined);
        if (status && status.leader !== 0n && status.leader === status.member) return member;
      }
      if (performance.now() > end) throw new RangeError(`etcd has no leader:\n${this.members[0]!.log}`);
      await sleep(50);
    }
  }

  /** Waits until every member answers and has applied what the leader had. */
  async level(): Promise<void> {
    const { applied } = await (await this.leader()).client.status();
    const end = performance.now() + READY_MS_MAX;
    for (const { client, log } of this.members) {
      while (((await client.status().catch(() => undefined))?.applied ?? -1n) < applied) {
        if (performance.now() > end) throw new RangeError(`an etcd member does not catch up:\n${log}`);
        await sleep(50);
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.end()));
  }
}

export class EtcdMember {
  readonly address: string;
  readonly client: EtcdClient;
  readonly #path: string;
  readonly #args: readonly string[];
  #process: ChildServer;

  constructor(path: string, plan: MemberPlan, all: readonly MemberPlan[]) {
    this.address = `127.0.0.1:${plan.clientPort}`;
    this.#path = path;
    this.#args = argumentsOf(plan, all);
    this.#process = this.#spawn();
    this.client = new EtcdClient(this.address);
  }

  get log(): string {
    return this.#process.log;
  }

  get process(): ChildServer {
    return this.#process;
  }

  /** Starts it again after a kill; its data are where they were. */
  restart(): void {
    this.#process = this.#spawn();
  }

  async end(): Promise<void> {
    this.client.close();
    await this.#process.end('SIGKILL');
  }

  #spawn(): ChildServer {
    return new ChildServer({ command: this.#path, args: this.#args });
  }
}

/** The path given, or the first `etcd` on the PATH. */
export async function findEtcd(given?: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = given === undefined ? folders.map((folder) => join(folder, 'etcd')) : [given];
  for (const path of candidates) if (await isExecutable(path)) return path;
  if (given !== undefined) throw new RangeError(`${given} is not an etcd server`);
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function argumentsOf(plan: MemberPlan, all: readonly MemberPlan[]): readonly string[] {
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const options = {
    name: plan.name,
    'data-dir': plan.folder,
    'listen-client-urls': url(plan.clientPort),
    'advertise-client-urls': url(plan.clientPort),
    'listen-peer-urls': url(plan.peerPort),
    'initial-advertise-peer-urls': url(plan.peerPort),
    'initial-cluster': all.map(({ name, peerPort }) => `${name}=${url(peerPort)}`).join(','),
    'quota-backend-bytes': String(QUOTA_BYTES),
    'log-level': 'error',
  };
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}
