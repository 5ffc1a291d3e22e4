import { applierEncryption } from '@caisson/applier-encryption';
import { applierKv, ApplierKvConfig } from '@caisson/applier-kv';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { SeededRandom } from '@caisson/compliance';
import {
  CaissonError,
  Cipher,
  Clock,
  DataDirectory,
  Disk,
  EncryptionService,
  type EncryptionStatus,
  Hashes,
  KekProvider,
  type KeyLifecycleService as Lifecycle,
  KeyLifecycleService,
  KvService,
  Logger,
  type LogLevel,
  type NodeIdentity,
  RaftLogs,
  RaftTransport,
  Random,
  type ReplicatedGroup,
  ReplicationEngine,
  Secret,
  UntrustedStores,
} from '@caisson/contracts';
import { LocalKek } from '@caisson/encryption';
import { engineRaft, EngineRaftConfig } from '@caisson/engine-raft';
import { fullNodeId } from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import { Life, mortal, ProcessClock, SimulatedTransport, type SimulatedNetwork } from '@caisson/simulator';
import type { ManualClock } from '@caisson/compliance';
import { Host } from '../../src/cluster/host.js';
import { settingsOf } from '../../src/cluster/settings.js';
import type { Ledger } from './ledger.js';
import { Media } from './media.js';

export const hashes = new NodeHashes();
export const AES_GCM = new AesGcmCipher();

/** What differs from one process to the next. */
export interface Setting {
  readonly enabled: boolean;
  readonly envelopeVersion: 1 | 2;
  /** Each KEK as one byte, repeated. */
  readonly keks: readonly number[];
  readonly engine: unknown;
  readonly kv: unknown;
  /** By how much the wall clock is off. */
  readonly skewMs: number;
  /** Around what the process sees of its machine: what goes wrong there. */
  readonly stores: (sound: UntrustedStores) => UntrustedStores;
  readonly logs: (sound: RaftLogs) => RaftLogs;
  readonly transport: (sound: RaftTransport) => RaftTransport;
  /** Around what services make. */
  readonly around: (token: string, instance: unknown) => unknown;
}

export interface Place {
  readonly clock: ManualClock;
  readonly network: SimulatedNetwork;
  readonly ledger: Ledger;
  readonly log: (level: LogLevel, text: string) => void;
  /** No two processes draw the same: a system's randomness is on no disk. */
  readonly seed: () => number;
}

export interface NodeParts {
  readonly identity: NodeIdentity;
  readonly address?: string;
  readonly media?: Media;
  readonly setting: Setting;
}

/** Everything of an error that people may read. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { details } = error as { details?: object };
  const own = `${error.message} ${details === undefined ? '' : JSON.stringify(details, plain)}`;
  return error.cause === undefined ? own : `${own} <- ${textOf(error.cause)}`;
}

const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** A name with disks, and at most one process at a time. */
export class LabNode {
  readonly name: string;
  readonly address: string;
  media: Media;
  fatal: CaissonError | undefined;
  readonly #parts: NodeParts;
  readonly #place: Place;
  #process: Process | undefined;

  constructor(parts: NodeParts, place: Place) {
    const { identity, address = `${identity.name}:7000`, media = new Media() } = parts;
    this.name = identity.name;
    this.address = address;
    this.media = media;
    this.#parts = parts;
    this.#place = place;
  }

  get identity(): NodeIdentity {
    return this.#parts.identity;
  }

  get isUp(): boolean {
    return this.#process?.isServing === true;
  }

  get isDown(): boolean {
    return this.#process === undefined;
  }

  get host(): Host {
    if (this.#process === undefined) throw new CaissonError('UNAVAILABLE', { name: this.name });
    return this.#process.host;
  }

  get life(): Life | undefined {
    return this.#process?.life;
  }

  get kv(): KvService {
    return this.host.get(KvService);
  }

  get engine(): ReplicationEngine {
    return this.host.get(ReplicationEngine);
  }

  get group(): ReplicatedGroup {
    return this.engine.group(1);
  }

  get keys(): Lifecycle {
    return this.host.get(KeyLifecycleService);
  }

  get encryption(): EncryptionStatus {
    return this.host.get(EncryptionService).status();
  }

  /** Resolves when it serves. */
  async start(changes: Partial<Setting> = {}): Promise<void> {
    const { network } = this.#place;
    const { media, name, address, identity } = this;
    const clusterId = Buffer.from(identity.clusterId).toString('hex');
    const transport = new SimulatedTransport(network, { id: fullNodeId(name), name, address, clusterId });
    this.fatal = undefined;
    const life = new Life(() => {
      transport.crash();
      media.crash();
      if (this.#process === process) this.#process = undefined;
    });
    const host = this.#host(life, transport, { ...this.#parts.setting, ...changes });
    const process: Process = { life, host, transport, isServing: false };
    this.#process = process;
    await media.disk.makeDirectory('/data');
    try {
      await host.start();
    } catch (error) {
      life.end();
      throw error;
    }
    process.isServing = !life.isOver;
  }

  kill(): void {
    this.#process?.life.end();
  }

  async stop(): Promise<void> {
    if (this.#process === undefined) return;
    const { host, life, transport } = this.#process;
    await host.stop();
    transport.stop();
    life.end();
  }

  #host(life: Life, transport: SimulatedTransport, setting: Setting): Host {
    const { clock, ledger, seed } = this.#place;
    const { media } = this;
    const random = new SeededRandom(seed());
    const wrapping = { hashes, random, ciphers: [AES_GCM] };
    const keks = setting.keks.map((byte) => {
      const key = new Secret(new Uint8Array(32).fill(byte));
      return new LocalKek({ provider: `kek-${byte}`, key, ...wrapping });
    });
    const { enabled, envelopeVersion } = setting;
    return new Host({
      given: [
        [Clock, new ProcessClock(clock, life, setting.skewMs)],
        [Random, random],
        [Hashes, hashes],
        [Logger, this.#logger(life)],
        [Disk, mortal(media.disk, life)],
        [DataDirectory, directoryOf(this.identity)],
        [UntrustedStores, mortal(setting.stores(media.stores), life)],
        [RaftLogs, mortal(setting.logs(media.logs), life)],
        [RaftTransport, setting.transport(transport)],
        [Cipher, [ledger.around(AES_GCM)]],
        [KekProvider, keks],
      ],
      services: [
        ...applierEncryption.services(settingsOf(applierEncryption, { enabled, envelopeVersion })),
        ...applierKv.services(ApplierKvConfig.parse(setting.kv)),
        ...engineRaft.services(EngineRaftConfig.parse(setting.engine)),
      ],
      faults: {
        degraded: () => undefined,
        recovered: () => undefined,
        fatal: (error) => this.#end(life, error),
      },
      around: setting.around,
    });
  }

  #end(life: Life, error: CaissonError): void {
    if (life.isOver) return;
    this.fatal = error;
    this.#place.log('error', `${this.name}: fatal: ${textOf(error)}`);
    life.end();
  }

  #logger(life: Life): Logger {
    const { log } = this.#place;
    const logger: Logger = {
      log: (level, message, fields = {}) => {
        const { error, ...rest } = fields as Record<string, unknown>;
        const more = error === undefined ? '' : ` <- ${textOf(error)}`;
        if (!life.isOver) log(level, `${this.name}: ${message} ${JSON.stringify(rest, plain)}${more}`);
      },
      child: () => logger,
    };
    return logger;
  }
}

interface Process {
  readonly life: Life;
  readonly host: Host;
  readonly transport: SimulatedTransport;
  isServing: boolean;
}

export function directoryOf(identity: NodeIdentity): DataDirectory {
  return {
    path: '/data',
    identity,
    encryptionPath: '/data/encryption',
    group: (id) => {
      const at = `/data/groups/${id}`;
      return { log: `${at}/log`, store: `${at}/store`, snapshots: `${at}/snapshots` };
    },
  };
}
