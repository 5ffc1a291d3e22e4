import { CaissonClient, connect } from '@caisson/client';
import {
  type ClusterNode,
  ClusterPlayground,
  LOOPBACK,
  type NodePlace,
  severable,
  type Severable,
} from '@caisson/demo';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Broken } from './broken.js';
import { type Capability, fakeTime, type Need } from './capabilities.js';
import { LinkProxy } from './link-proxy.js';
import { MemoryGroup } from './memory.js';
import { MARK } from './registers.js';
import { Surfaces } from './surfaces.js';

const run = promisify(execFile);

/** Room for a node's files; what a full disk takes away is on top. */
const DISK_MIB = 512;
const DEADLINE_MS = 15_000;
const TOUCHES_MAX = 4;
const REPLACE_TRIES = 4;
/** The member that may be replaced: the others keep their addresses, by which clients know the cluster. */
const REPLACEABLE = 1;

/** A member, with what can be done to it from outside. */
export interface Member {
  readonly node: ClusterNode;
  readonly proxy: LinkProxy;
  /** Its folder, on a file system of its own where that can be had. */
  readonly folder: string;
}

/** Real processes with real sockets and disks, each behind a wire that can be spoilt. */
export class Stage {
  readonly members: Member[] = [];
  readonly surfaces = new Surfaces();
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #proxies = new Map<string, LinkProxy>();
  readonly #mounted: string[] = [];
  readonly #able: ReadonlySet<Need>;
  #playground!: ClusterPlayground;
  #clock: string | undefined;
  /** Where the last of the first members runs; the wire to it has two ends that can be cut. */
  #apart: Severable | undefined;
  #apartName = '';
  #guests = 0;
  #touches = 0;
  #client: CaissonClient | undefined;

  private constructor(capabilities: readonly Capability[]) {
    this.#able = new Set(capabilities.filter(({ missing }) => missing === undefined).map(({ need }) => need));
  }

  static async open(nodes: number, capabilities: readonly Capability[]): Promise<Stage> {
    const stage = new Stage(capabilities);
    if (stage.#able.has('shifted-clock')) stage.#clock = await fakeTime();
    if (stage.#able.has('namespaces')) stage.#apart = await severable();
    stage.#apartName = `n${nodes}`;
    stage.#playground = await ClusterPlayground.create({
      place: (name) => stage.#placeOf(name),
      // A log so short that a run of minutes compacts it often.
      changes: { 'engine-raft': { compaction: { entries: 2_000, keepEntries: 500 } } },
    });
    try {
      const first = await stage.#playground.found('n1');
      stage.#admit(first);
      for (let at = 2; at <= nodes; at++) stage.#admit(await stage.#playground.join(`n${at}`, first));
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get playground(): ClusterPlayground {
    return this.#playground;
  }

  get apart(): { readonly wire: Severable; readonly name: string } | undefined {
    return this.#apart && { wire: this.#apart, name: this.#apartName };
  }

  member(name: string): Member {
    return this.members.find(({ node }) => node.name === name)!;
  }

  /** One for all who talk to the cluster. */
  async client(): Promise<CaissonClient> {
    const address = this.members.map(({ node }) => node.ports.client);
    const tls = await this.#playground.clientTls('app');
    return (this.#client ??= connect({ address, tls, deadlineMs: DEADLINE_MS }));
  }

  /** Writes something new and resolves once it is acknowledged; answers what. */
  async touch(key = 'touched'): Promise<string> {
    const value = `${MARK}touch ${++this.#touches}`;
    const client = await this.client();
    for (let left = TOUCHES_MAX; ; left--) {
      try {
        await client.put(key, value);
        return value;
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  }

  async read(key: string): Promise<string> {
    return Buffer.from((await (await this.client()).get(key)) ?? []).toString();
  }

  memoryOf(name: string): MemoryGroup | undefined {
    return this.#groups.get(name);
  }

  /** Any member that runs and is not the one that something is being done to. */
  besides(member?: Member): ClusterNode {
    const others = this.members.filter((other) => other !== member && other.node.runs);
    return others[0]!.node;
  }

  /** A new member, as a learner. */
  async invite(): Promise<Member> {
    this.#guests++;
    const node = await this.#playground.join(`g${this.#guests}`, this.besides(), '--learner');
    return this.#admit(node);
  }

  async dismiss(member: Member): Promise<void> {
    await this.#playground.ops(this.besides(member), 'remove', member.node.name);
    await member.node.end('SIGTERM');
    this.members.splice(this.members.indexOf(member), 1);
  }

  /** The disk of one member is gone; another node, with an empty one, is let in for it. */
  async replace(): Promise<void> {
    const old = this.members[REPLACEABLE]!;
    await old.node.end('SIGKILL');
    await rm(old.node.dataDir, { recursive: true });
    this.#guests++;
    const node = await this.#playground.prepare(`g${this.#guests}`, this.besides(old));
    const addresses = ['--peer-address', node.peerAddress, '--client-address', node.ports.client];
    const order = ['replace', old.node.name, node.name, ...addresses];
    for (let left = REPLACE_TRIES; ; left--) {
      const { exitCode, stderr } = await this.#playground.tryOps(this.besides(old), ...order);
      if (exitCode === 0) break;
      if (left === 0)
        throw new Broken('L1', `${node.name} cannot take the place of ${old.node.name}: ${stderr}`);
    }
    const member = this.#admit(node);
    this.members.pop();
    this.members.splice(REPLACEABLE, 1, member);
  }

  /** Whoever leads hands over to a member that is not the one named. */
  async leadElsewhere(member: Member): Promise<void> {
    const leader = await this.#playground.leaderBy(this.besides(member));
    const to = this.members.find(({ node }) => node !== member.node && node.runs && node.name !== leader);
    await this.#playground.ops(this.besides(member), 'transfer', to!.node.name);
  }

  /** Starts whoever is down: an order that was refused half way may leave somebody so. */
  async revive(): Promise<void> {
    for (const { node } of this.members) {
      if (node.runs && node.process.isAlive) continue;
      await node.end('SIGKILL');
      await node.start();
    }
  }

  /** Steps the wall clock of one node; its monotonic clock goes on. */
  async shiftClock({ folder }: Member, byMs: number): Promise<void> {
    await writeFile(join(folder, 'clock'), `${byMs < 0 ? '-' : '+'}${Math.abs(byMs / 1000).toFixed(3)}s\n`);
  }

  async close(): Promise<void> {
    this.#client?.close();
    for (const node of this.#playground.nodes) await node.end('SIGKILL');
    for (const proxy of this.#proxies.values()) proxy.close();
    for (const folder of this.#mounted) await run('umount', ['--lazy', folder]).catch(() => undefined);
    await this.#playground.remove();
    await this.#apart?.remove();
    for (const group of this.#groups.values()) await group.remove();
  }

  #admit(node: ClusterNode): Member {
    const folder = join(this.#playground.folder, node.name);
    const member = { node, proxy: this.#proxies.get(node.name)!, folder };
    this.members.push(member);
    return member;
  }

  #placeOf(name: string): NodePlace {
    const wire = this.#apart;
    const isApart = wire !== undefined && name === this.#apartName;
    const outside = wire?.outside ?? LOOPBACK.host;
    const memory = (): readonly string[] => this.memoryOf(name)?.prefix ?? [];
    const clock = this.#clockPrefix(name);
    return {
      host: isApart ? wire.inside : outside,
      get prefix() {
        return [...memory(), ...(isApart ? wire.prefix : []), ...clock];
      },
      advertise: async (address) => {
        await this.#prepareFolder(name);
        const proxy = await LinkProxy.open(outside, address, () => this.surfaces.wire(`the wire to ${name}`));
        this.#proxies.set(name, proxy);
        return proxy.address;
      },
    };
  }

  #clockPrefix(name: string): readonly string[] {
    if (this.#clock === undefined) return [];
    const file = join(this.#playground.folder, name, 'clock');
    const settings = {
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    const pairs = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    return ['env', `LD_PRELOAD=${this.#clock}`, 'DONT_FAKE_MONOTONIC=1', ...pairs];
  }

  async #prepareFolder(name: string): Promise<void> {
    const folder = join(this.#playground.folder, name);
    if (this.#able.has('memory-limit'))
      this.#groups.set(name, await MemoryGroup.create(`faultlab-${process.pid}-${name}`));
    if (this.#able.has('mounts')) {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', folder]);
      this.#mounted.push(folder);
    }
    await writeFile(join(folder, 'clock'), '+0s\n');
  }
}
