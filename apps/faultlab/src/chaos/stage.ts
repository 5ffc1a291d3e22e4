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
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Capability, fakeTime, type Need } from './capabilities.js';
import { LinkProxy } from './link-proxy.js';

const run = promisify(execFile);

/** Room for a node's files; what a full disk takes away is on top. */
const DISK_MIB = 512;
const DEADLINE_MS = 15_000;

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
  readonly #proxies = new Map<string, LinkProxy>();
  readonly #mounted: string[] = [];
  readonly #able: ReadonlySet<Need>;
  #playground!: ClusterPlayground;
  #clock: string | undefined;
  /** Where the last of the first members runs; the wire to it has two ends that can be cut. */
  #apart: Severable | undefined;
  #apartName = '';
  #guests = 0;

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

  async client(): Promise<CaissonClient> {
    const address = this.members.map(({ node }) => node.ports.client);
    return connect({ address, tls: await this.#playground.clientTls('app'), deadlineMs: DEADLINE_MS });
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

  /** Steps the wall clock of one node; its monotonic clock goes on. */
  async shiftClock({ folder }: Member, byMs: number): Promise<void> {
    await writeFile(join(folder, 'clock'), `${byMs < 0 ? '-' : '+'}${Math.abs(byMs / 1000).toFixed(3)}s\n`);
  }

  async close(): Promise<void> {
    for (const node of this.#playground.nodes) await node.end('SIGKILL');
    for (const proxy of this.#proxies.values()) proxy.close();
    for (const folder of this.#mounted) await run('umount', ['--lazy', folder]).catch(() => undefined);
    await this.#playground.remove();
    await this.#apart?.remove();
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
    return {
      host: isApart ? wire.inside : outside,
      prefix: [...(isApart ? wire.prefix : []), ...this.#clockPrefix(name)],
      advertise: async (address) => {
        await this.#prepareFolder(name);
        const proxy = await LinkProxy.open(outside, address);
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
    if (this.#able.has('mounts')) {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', folder]);
      this.#mounted.push(folder);
    }
    await writeFile(join(folder, 'clock'), '+0s\n');
  }
}
