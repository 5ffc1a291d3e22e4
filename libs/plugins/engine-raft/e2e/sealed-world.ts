import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { CounterApplier, ManualClock, MemoryDisk, MemoryLogs } from '@caisson/compliance';
import {
  type CaissonError,
  type DataDirectory,
  type Faults,
  type LogEntry,
  type Logger,
  type ReplicatedGroup,
  type ReplicationEngine,
  Secret,
} from '@caisson/contracts';
import { EncryptionApplier, KeyDriver, LocalKek, NodeEncryption } from '@caisson/encryption';
import { NodeHashes, NodeRandom } from '@caisson/platform-node';
import { MemoryStores } from '@caisson/store-memory';
import { EngineRaftConfig, RaftEngine } from '../src/index.js';

const hashes = new NodeHashes();
const random = new NodeRandom();
const ciphers = [new AesGcmCipher()];
const logger: Logger = { log: () => undefined, child: () => logger };

/** Sees every proposal of the key driver before the group does. */
export type ProposalWatch = (group: ReplicatedGroup, payload: Uint8Array) => void;

/** One node with real encryption over memory: its disks, and the process above them. */
export class SealedWorld {
  readonly logs = new MemoryLogs();
  readonly stores = new MemoryStores();
  readonly disk = new MemoryDisk();
  readonly counters = new CounterApplier();
  readonly fatal: CaissonError[] = [];
  engine!: RaftEngine;
  node!: NodeEncryption;
  afterProposal: ProposalWatch = () => undefined;
  #driver: KeyDriver | undefined;

  get group(): ReplicatedGroup {
    return this.engine.group(1);
  }

  get cutover(): number {
    return this.node.status().groups[0]!.raftEnvelopeCutoverIndex;
  }

  /** Up to where the engine serves; `drive` brings the keys about. */
  async start(): Promise<this> {
    const key = new Secret(new Uint8Array(32).fill(9));
    const keks = [new LocalKek({ provider: 'file', key, ciphers, hashes, random })];
    const { disk, faults, stores } = this;
    const clock = new ManualClock();
    const directory = this.#directory();
    const config = { enabled: true, envelopeVersion: 2 };
    await disk.makeDirectory('/data');
    const common = { directory, clock, random, logger };
    this.node = new NodeEncryption({ ...common, config, stores, disk, ciphers, keks, hashes, faults });
    await this.node.open();
    this.engine = new RaftEngine(
      EngineRaftConfig.parse(undefined),
      {
        ...common,
        logs: this.logs,
        encryption: this.node,
        appliers: [new EncryptionApplier(this.node), this.counters],
        meter: undefined,
        transport: undefined,
        snapshots: undefined,
      },
      faults,
    );
    await this.engine.start();
    return this;
  }

  async drive(): Promise<this> {
    const { faults, node } = this;
    const clock = new ManualClock();
    this.#driver = new KeyDriver({ node, engine: this.#watched(), clock, random, logger, faults });
    await this.#driver.start();
    return this;
  }

  async stop(): Promise<void> {
    this.#driver?.stop();
    await this.engine.stop();
    this.node.close();
  }

  /** What the log holds, all of it. */
  async entries(): Promise<readonly LogEntry[]> {
    const log = await this.logs.open('/log');
    const entries = await log.read(log.start.index + 1, log.last, 1e9);
    await log.close();
    return entries;
  }

  /** Somebody with the disk in hand writes an entry behind the last one, or over one. */
  async forge(entry: Partial<LogEntry> & Pick<LogEntry, 'data'>): Promise<number> {
    const log = await this.logs.open('/log');
    const term = await log.term(log.last);
    const forged = { index: log.last + 1, term, kind: 'normal' as const, ...entry };
    await log.append({ entries: [forged] });
    await log.close();
    return forged.index;
  }

  get faults(): Faults {
    return {
      degraded: () => undefined,
      recovered: () => undefined,
      fatal: (error) => void this.fatal.push(error),
    };
  }

  /** The engine as the key driver sees it. */
  #watched(): ReplicationEngine {
    const { group } = this;
    const watched = Object.create(group, {
      status: { value: () => group.status() },
      propose: {
        value: (...args: Parameters<ReplicatedGroup['propose']>) => {
          const proposed = group.propose(...args);
          this.afterProposal(group, args[0]);
          return proposed;
        },
      },
      id: { value: group.id },
    }) as ReplicatedGroup;
    return { groups: [1], group: () => watched } as unknown as ReplicationEngine;
  }

  #directory(): DataDirectory {
    const clusterId = new Uint8Array(16).fill(7);
    return {
      path: '/data',
      identity: { name: 'n1', clusterId, format: 1, birth: 'encrypted' },
      encryptionPath: '/data/encryption',
      group: () => ({ log: '/log', store: '/store', snapshots: '/data/snapshots' }),
    };
  }
}
