import { applierEncryption } from '@caisson/applier-encryption';
import { applierKv, ApplierKvConfig } from '@caisson/applier-kv';
import { fromUtf8, toUtf8 } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { ManualClock, SeededRandom } from '@caisson/compliance';
import {
  type AnyService,
  type CaissonError,
  Cipher,
  Clock,
  DataDirectory,
  Disk,
  Hashes,
  type KekProvider,
  KekProvider as KekProviders,
  KvService,
  Logger,
  type NodeIdentity,
  RaftLogs,
  Random,
  Secret,
  type Token,
  UntrustedStores,
} from '@caisson/contracts';
import { LocalKek } from '@caisson/encryption';
import { engineSingle, EngineSingleConfig } from '@caisson/engine-single';
import { NodeHashes } from '@caisson/platform-node';
import { DiskLogs, DiskStores, Life, mortal, ProcessClock, SimulatedDisk } from '@caisson/simulator';
import { Host } from '../cluster/host.js';
import { settingsOf } from '../cluster/settings.js';

const CLUSTER_ID = new Uint8Array(16).fill(7);
const TURNS_MAX = 20_000;
const hashes = new NodeHashes();

export interface LoneOptions {
  readonly disk: SimulatedDisk;
  /** Of its randomness; another process draws other numbers. */
  readonly seed: number;
  readonly cipher?: Cipher;
  readonly envelopeVersion?: 1 | 2;
  readonly engine?: object;
  /** The one at `/data` where nothing is said. */
  readonly directory?: DataDirectory;
  /** Put around what the node sees of its disk. */
  readonly around?: (disk: SimulatedDisk) => SimulatedDisk;
}

export const KEK_PARTS = { ciphers: [new AesGcmCipher()], hashes } as const;

export function kekOf(random: SeededRandom): KekProvider {
  return new LocalKek({
    provider: 'file',
    key: new Secret(new Uint8Array(32).fill(9)),
    ...KEK_PARTS,
    random,
  });
}

export function directoryOf(identity: NodeIdentity, path = '/data'): DataDirectory {
  return {
    path,
    identity,
    encryptionPath: `${path}/encryption`,
    group: (id) => {
      const at = `${path}/groups/${id}`;
      return { log: `${at}/log`, store: `${at}/store`, snapshots: `${at}/snapshots` };
    },
  };
}

export const IDENTITY: NodeIdentity = { name: 'n1', clusterId: CLUSTER_ID, format: 1, birth: 'encrypted' };

/** With the directory that an operator makes. */
export async function emptyDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await disk.makeDirectory('/data');
  await disk.syncDirectory('/');
  return disk;
}

/** One process of a node that is alone, composed as the server is, over a simulated disk. */
export class LoneNode {
  readonly host: Host;
  readonly life: Life;
  readonly clock = new ManualClock();
  readonly directory: DataDirectory;
  readonly disk: SimulatedDisk;
  /** Of this process. */
  readonly name: string;
  failure: CaissonError | undefined;

  constructor({ around = (disk) => disk, engine = {}, envelopeVersion = 2, ...options }: LoneOptions) {
    const { cipher, directory = directoryOf(IDENTITY), disk, seed } = options;
    this.directory = directory;
    this.disk = disk;
    this.name = `process ${seed}`;
    const random = new SeededRandom(seed);
    const life = new Life(() => disk.endProcess());
    this.life = life;
    const seen = mortal(around(disk), life);
    const ciphers = [cipher ?? new AesGcmCipher()];
    const services: readonly AnyService[] = [
      ...applierEncryption.services(settingsOf(applierEncryption, { envelopeVersion })),
      ...applierKv.services(ApplierKvConfig.parse({})),
      ...engineSingle.services(EngineSingleConfig.parse(engine)),
    ];
    const quiet: Logger = { log: () => undefined, child: () => quiet };
    this.host = new Host({
      given: [
        [Clock, new ProcessClock(this.clock, life)],
        [Random, random],
        [Hashes, hashes],
        [Logger, quiet],
        [Disk, seen],
        [DataDirectory, directory],
        [UntrustedStores, mortal(new DiskStores(seen), life)],
        [RaftLogs, mortal(new DiskLogs(seen), life)],
        [Cipher, ciphers],
        [KekProviders, [kekOf(random)]],
      ],
      services,
      faults: {
        degraded: () => undefined,
        recovered: () => undefined,
        fatal: (error) => {
          this.failure ??= error;
          life.end();
        },
      },
      around: (_token, instance) => instance,
    });
  }

  get<T>(token: Token<T>): T {
    return this.host.get(token);
  }

  start(): Promise<void> {
    return this.settled(this.host.start());
  }

  async stop(): Promise<void> {
    await this.settled(this.host.stop());
    this.life.end();
  }

  async put(key: string, value: string): Promise<void> {
    const mutations = [{ op: 'put' as const, key: toUtf8(key), value: toUtf8(value) }];
    await this.settled(this.get(KvService).write({ mutations }, {}));
  }

  async read(key: string): Promise<string | undefined> {
    const { found } = await this.settled(this.get(KvService).get({ key: toUtf8(key) }, {}));
    return found && fromUtf8(found.value);
  }

  /** Lets time pass until it settles, or until the process is gone. */
  async settled<T>(pending: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    pending.then(settle, settle);
    for (let turn = 0; turn < TURNS_MAX && !isSettled; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isSettled) break;
      if (this.failure !== undefined) throw this.failure;
      this.clock.advance(1);
    }
    if (!isSettled) throw new RangeError('never settled');
    return pending;
  }
}
