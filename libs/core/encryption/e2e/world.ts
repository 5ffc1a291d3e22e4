import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import {
  type CaissonError,
  type Clock,
  type DataDirectory,
  type Faults,
  type KekProvider,
  type Logger,
  type LogLevel,
  type NodeIdentity,
  Secret,
  type UntrustedStore,
  type UntrustedStores,
} from '@caisson/contracts';
import { NodeHashes, NodeRandom } from '@caisson/platform-node';
import { MemoryStores } from '@caisson/store-memory';
import { fromUtf8, toUtf8 } from '@caisson/base';
import { versionRange } from '@caisson/formats';
import {
  EncryptionApplier,
  KeyDriver,
  LocalKek,
  NodeEncryption,
  type NodeEncryptionParts,
  RetiredKeys,
  Rewrite,
} from '../src/index.js';
import { MemoryDisk } from './memory-disk.js';
import { type LogRecord, MiniEngine } from './mini-engine.js';

export const hashes = new NodeHashes();
export const random = new NodeRandom();
export const ciphers = [new AesGcmCipher()];

export function localKek(byte: number, provider = 'file'): KekProvider {
  return new LocalKek({ provider, key: new Secret(new Uint8Array(32).fill(byte)), ciphers, hashes, random });
}

/** A clock on which every sleep is over at once; `slept` says how often somebody waited. */
export class EagerClock implements Clock {
  slept = 0;
  nowMs = () => 1_700_000_000_000;
  monotonicMs = () => 0;
  after = () => () => undefined;
  turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  async sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    this.slept++;
    await this.turn();
    signal?.throwIfAborted();
  }
}

/** What outlives a process: its directory, its stores, its log. */
export class World {
  readonly disk = new MemoryDisk();
  readonly memory = new MemoryStores();
  /** What an attacker holds who has the disk: the store as it is below the door. */
  below: UntrustedStore | undefined;
  readonly log: LogRecord[] = [];
  readonly clock = new EagerClock();
  readonly identity: NodeIdentity;
  readonly directory: DataDirectory;
  keks: readonly KekProvider[] = [localKek(1)];
  lines: [LogLevel, string][] = [];
  fatal: CaissonError | undefined;
  degraded: string | undefined;
  /** Called before the batch of an entry is written; may throw, as if the process died there. */
  willWrite: (index: number) => void = () => undefined;
  /** Called before each slice of background work takes its turn; may throw likewise. */
  willMaintain: () => Promise<void> | void = () => undefined;

  constructor(identity: Partial<NodeIdentity> = {}) {
    const clusterId = new Uint8Array(16).fill(7);
    this.identity = { name: 'n1', clusterId, format: 1, birth: 'encrypted', ...identity };
    this.directory = {
      path: '/data',
      identity: this.identity,
      encryptionPath: '/data/encryption',
      group: (id) => ({
        log: `/data/${id}/log`,
        store: `/data/${id}/store`,
        snapshots: `/data/${id}/snapshots`,
      }),
    };
  }

  get stores(): UntrustedStores {
    const { memory } = this;
    const open = async (directory: string) => (this.below = await memory.open(directory));
    return {
      capabilities: memory.capabilities,
      open,
      exists: (directory) => memory.exists(directory),
      move: (from, to) => memory.move(from, to),
      remove: (directory) => memory.remove(directory),
    };
  }

  get logger(): Logger {
    return { log: (level, message) => void this.lines.push([level, message]), child: () => this.logger };
  }

  get faults(): Faults {
    return {
      degraded: (reason) => void (this.degraded = reason),
      recovered: () => void (this.degraded = undefined),
      fatal: (error) => void (this.fatal = error),
    };
  }

  parts(changes: Partial<NodeEncryptionParts> = {}): NodeEncryptionParts {
    const { stores, directory, disk, keks, clock, logger, faults } = this;
    const config = { enabled: true, envelopeVersion: 2 };
    return {
      config,
      stores,
      directory,
      disk,
      ciphers,
      keks,
      hashes,
      random,
      clock,
      logger,
      faults,
      ...changes,
    };
  }

  /** A process up to the point where it would serve. */
  async start(changes: Partial<NodeEncryptionParts> = {}): Promise<Running> {
    const node = new NodeEncryption(this.parts(changes));
    await node.open();
    const session = await node.openGroup(1);
    const stop = async () => {
      await session.close();
      node.close();
    };
    try {
      const engine = await MiniEngine.open(this, session, [new EncryptionApplier(node)]);
      const { clock, logger, faults } = this;
      const driver = new KeyDriver({
        node,
        engine: engine.asReplicationEngine(),
        clock,
        random,
        logger,
        faults,
      });
      const shared = { node, engine: engine.asReplicationEngine(), clock, logger };
      const rewrite = new Rewrite(shared);
      const retired = new RetiredKeys({ ...shared, rewrite });
      const stopAll = async () => {
        await rewrite.stop();
        await stop();
      };
      return { node, session, engine, driver, rewrite, retired, drive: () => driver.start(), stop: stopAll };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  /** Every value as stored. */
  async stored(): Promise<readonly Uint8Array[]> {
    const view = this.below!.view();
    const pairs = await view.scan({ from: Uint8Array.of(0) }).next({ pairs: 10_000, bytes: 1e9 });
    await view.close();
    return pairs.map(({ value }) => value);
  }

  /** Loss of power. */
  crash(): void {
    this.disk.crash();
    this.memory.crash();
    this.willWrite = () => undefined;
    this.willMaintain = () => undefined;
  }
}

export interface Running {
  readonly node: NodeEncryption;
  readonly session: ReturnType<NodeEncryption['session']>;
  readonly engine: MiniEngine;
  readonly driver: KeyDriver;
  readonly rewrite: Rewrite;
  readonly retired: RetiredKeys;
  /** Brings the node to where it admits users. */
  drive(): Promise<void>;
  stop(): Promise<void>;
}

/** Started and ready to serve. */
export async function driven(world: World, changes: Partial<NodeEncryptionParts> = {}): Promise<Running> {
  const running = await world.start(changes);
  await running.drive();
  return running;
}

/** The newest value of a key. */
export async function readNote({ session }: Running, key: string): Promise<string | undefined> {
  const view = session.readers.view();
  const { from, to } = versionRange(toUtf8(key), toUtf8(`${key}\0`));
  const [pair] = await view.scan({ from, to }).next({ pairs: 1 });
  await view.close();
  return pair && fromUtf8(pair.value.subarray(9));
}

export function withWrap(kek: KekProvider, wrap: KekProvider['wrap']): KekProvider {
  return {
    describe: () => kek.describe(),
    wrap,
    unwrap: (blob, context) => kek.unwrap(blob, context),
    rewrap: (blob, context) => kek.rewrap(blob, context),
    probe: () => kek.probe(),
  };
}

export function withUnwrap(kek: KekProvider, unwrap: KekProvider['unwrap']): KekProvider {
  return { ...withWrap(kek, (dek, context) => kek.wrap(dek, context)), unwrap };
}
