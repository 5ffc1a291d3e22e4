import {
  ClearEncryption,
  CounterApplier,
  encodeCount,
  ManualClock,
  MemoryLogs,
  PlainStores,
  readCount,
  SeededRandom,
} from '@caisson/compliance';
import type {
  CaissonError,
  DataDirectory,
  EncryptionLayer,
  Logger,
  NodeIdentity,
  RaftLog,
  ReplicatedGroup,
  Store,
} from '@caisson/contracts';
import { EngineRaftConfig } from '../config.js';
import { RaftEngine } from '../raft-engine.js';
import { ToySnapshots } from './toy-snapshots.js';
import { Network, type WireTransport } from './wire.js';

const logger: Logger = { log: () => undefined, child: () => logger };
const TICKS_MAX = 300;

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface NodeOptions {
  readonly config?: unknown;
  readonly joined?: boolean;
  readonly alone?: boolean;
}

/** One node: a disk that outlives its engines. */
export class TestNode {
  readonly logs = new MemoryLogs();
  readonly stores = new PlainStores();
  readonly encryption = new ClearEncryption(this.stores);
  readonly snapshots = new ToySnapshots(() => this.#store!);
  readonly counters = new CounterApplier();
  readonly faults: CaissonError[] = [];
  readonly identity: NodeIdentity;
  engine!: RaftEngine;
  /** The one that is open, or was. */
  log: RaftLog | undefined;
  transport: WireTransport | undefined;
  isUp = false;
  readonly #cluster: Cluster;
  readonly #options: NodeOptions;
  readonly #random: SeededRandom;
  #store: Store | undefined;

  constructor(cluster: Cluster, name: string, options: NodeOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#random = new SeededRandom([...name].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7));
    const joined = options.joined === true ? { joined: true } : {};
    this.identity = { name, clusterId: new Uint8Array(16).fill(1), format: 1, birth: 'clear', ...joined };
  }

  get name(): string {
    return this.identity.name;
  }

  get group(): ReplicatedGroup {
    return this.engine.group(1);
  }

  get leads(): boolean {
    return this.isUp && this.group.status().leads;
  }

  async start(): Promise<void> {
    const { clock, network } = this.#cluster;
    this.transport = this.#options.alone === true ? undefined : network.join(this.name);
    this.engine = new RaftEngine(
      EngineRaftConfig.parse(this.#options.config),
      {
        logs: { open: async (...path) => (this.log = await this.logs.open(...path)) },
        encryption: this.#layer(),
        appliers: [this.counters],
        directory: this.directory,
        clock,
        random: this.#random,
        logger,
        meter: undefined,
        transport: this.transport,
        snapshots: this.snapshots,
      },
      {
        degraded: () => undefined,
        recovered: () => undefined,
        fatal: (error) => void this.faults.push(error),
      },
    );
    this.isUp = true;
    await this.engine.start();
  }

  async stop(): Promise<void> {
    this.isUp = false;
    await this.engine.stop();
    if (this.transport !== undefined) this.#cluster.network.leave(this.transport);
  }

  /** Dies where it stands: what was not synced is gone, and nothing of it is heard again. */
  async kill(): Promise<void> {
    this.isUp = false;
    if (this.transport !== undefined) this.#cluster.network.leave(this.transport);
    this.logs.crash();
    this.stores.crash();
    await this.engine.stop().catch(() => undefined);
  }

  count(name: string): Promise<number> {
    return readCount(this.group.store, name);
  }

  /** The door, with the store behind it in sight of the snapshots. */
  #layer(): EncryptionLayer {
    const open: EncryptionLayer['openGroup'] = async (id, signal) => {
      const group = await this.encryption.openGroup(id, signal);
      this.#store = group.store;
      return group;
    };
    return new Proxy(this.encryption, {
      get: (target, name) => (name === 'openGroup' ? open : Reflect.get(target, name, target)),
    });
  }

  get directory(): DataDirectory {
    return {
      path: '/',
      identity: this.identity,
      encryptionPath: '/encryption',
      group: (id) => ({
        log: `/groups/${id}/log`,
        store: `/groups/${id}/store`,
        snapshots: `/groups/${id}/snapshots`,
      }),
    };
  }
}

/** Nodes in one process, on one clock that a test moves. */
export class Cluster {
  readonly clock = new ManualClock();
  readonly network = new Network();
  readonly nodes: TestNode[] = [];

  /** A cluster of so many voters, n1 its founder. */
  static async of(size: number, options: NodeOptions = {}): Promise<Cluster> {
    const cluster = new Cluster();
    await cluster.found(options);
    for (let number = 2; number <= size; number++) await cluster.grow(`n${number}`, options);
    return cluster;
  }

  /** A node with empty disks that does not run yet. */
  prepare(name: string, options: NodeOptions = {}): TestNode {
    const node = new TestNode(this, name, options);
    this.nodes.push(node);
    return node;
  }

  async found(options: NodeOptions = {}): Promise<TestNode> {
    const node = this.prepare('n1', options);
    await node.start();
    return node;
  }

  /** Adds a node as learner and, once it has caught up, lets it vote. */
  async grow(name: string, options: NodeOptions = {}): Promise<TestNode> {
    const node = await this.addLearner(name, options);
    await this.order((leader) => leader.engine.changeMembership(1, { kind: 'promote', name }));
    return node;
  }

  async addLearner(name: string, options: NodeOptions = {}): Promise<TestNode> {
    const node = this.prepare(name, { ...options, joined: true });
    await node.start();
    const change = { kind: 'addLearner', name, address: `${name}:7000`, clientAddress: '' } as const;
    await this.order((leader) => leader.engine.changeMembership(1, change));
    await this.until(() => node.group.status().applied >= this.leader().group.status().applied);
    return node;
  }

  node(name: string): TestNode {
    return this.nodes.find((node) => node.name === name)!;
  }

  leader(): TestNode {
    const leader = this.nodes.find((node) => node.leads);
    if (leader === undefined) throw new RangeError('nobody leads');
    return leader;
  }

  get followers(): readonly TestNode[] {
    return this.nodes.filter((node) => node.isUp && !node.leads);
  }

  /** Lets time pass until something holds. */
  async until(condition: () => boolean | Promise<boolean>, ticksMax = TICKS_MAX): Promise<void> {
    for (let tick = 0; tick < ticksMax; tick++) {
      for (let turns = 0; turns < 3; turns++) {
        if (await condition()) return;
        await turn();
      }
      this.clock.advance(100);
    }
    throw new RangeError(`not within ${ticksMax} ticks: ${condition}`);
  }

  async ticks(count: number): Promise<void> {
    for (let tick = 0; tick < count; tick++) {
      this.clock.advance(100);
      await turn();
    }
  }

  async elected(): Promise<TestNode> {
    await this.until(() => this.nodes.some((node) => node.leads));
    return this.leader();
  }

  /** Lets time pass until the promise is settled, and answers as it does. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    promise.then(settle, settle);
    await this.until(() => isSettled);
    return promise;
  }

  /** Has the leader do something. */
  async order<T>(what: (leader: TestNode) => Promise<T>): Promise<T> {
    return this.settled(what(await this.elected()));
  }

  async add(name: string, amount: number): Promise<void> {
    await this.order((leader) => leader.group.propose(encodeCount(name, amount), { source: 'user' }));
  }

  async converged(): Promise<void> {
    const up = this.nodes.filter(({ isUp }) => isUp);
    await this.until(() => {
      const positions = up.map(({ group }) => group.status().applied);
      return positions.every((position) => position === positions[0]);
    });
  }

  async dispose(): Promise<void> {
    for (const node of this.nodes) if (node.isUp) await node.stop();
  }
}
