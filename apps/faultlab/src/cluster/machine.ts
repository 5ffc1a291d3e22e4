import { createDeferred } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { type ManualClock, override, SeededRandom } from '@caisson/compliance';
import {
  type AnyService,
  Applier,
  CaissonError,
  Cipher,
  Clock,
  DataDirectory,
  Disk,
  Hashes,
  KekConfiguration,
  KekProvider,
  KvService,
  Meter,
  Logger,
  type NodeIdentity,
  RaftLogs,
  RaftTransport,
  Random,
  type ReplicatedGroup,
  ReplicationEngine,
  UntrustedStores,
} from '@caisson/contracts';
import { applierEncryption } from '@caisson/applier-encryption';
import { applierKv, ApplierKvConfig } from '@caisson/applier-kv';
import { engineRaft, EngineRaftConfig } from '@caisson/engine-raft';
import { fullNodeId } from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import {
  type CrashProfile,
  Life,
  mortal,
  ProcessClock,
  type SimulatedDisk,
  type SimulatedNetwork,
  SimulatedTransport,
  SimulatedWire,
  Wire,
} from '@caisson/simulator';
import type { Ears } from '../oracles/ears.js';
import type { EpochWatch } from '../oracles/epochs.js';
import type { Findings } from '../oracles/findings.js';
import { Numbers } from '../oracles/numbers.js';
import type { Lineage } from '../oracles/lineage.js';
import type { Rows } from '../oracles/rows.js';
import type { Spy } from '../oracles/spy.js';
import type { Witness } from '../oracles/witness.js';
import type { Recorder } from '../trace/recorder.js';
import type { Plants } from '../plants/plants.js';
import type { Moments } from '../faults/moment.js';
import type { Excuses } from '../oracles/excuses.js';
import type { Generations } from '../kernel/generations.js';
import { Equipment, type KeyServices } from './equipment.js';
import { Host } from './host.js';
import { causes, loggerOf } from './logger.js';
import { OwnParts } from './own-parts.js';
import { MachineDisk } from './machine-disk.js';
import { NO_FILES } from '../composition/own-files.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import { settingsOf } from './settings.js';
import { Taps } from './taps.js';

export interface MachineOptions {
  readonly name: string;
  readonly seed: number;
  readonly joined: boolean;
  readonly isEncrypted: boolean;
  /** 2 where nothing is said. */
  readonly envelopeVersion?: 1 | 2;
  /** Encryption is on, but the cluster was founded in clear and is cut over later. */
  readonly isBornClear?: boolean | undefined;
  readonly epochMax?: number | undefined;
  readonly engine: unknown;
  readonly kv?: unknown;
  readonly plants: Plants;
  /** In place of what the simulation gives. */
  readonly plugins?: OwnPlugins | undefined;
  /** `journalled` where nothing is said. */
  readonly disks?: CrashProfile | undefined;
  /** The one that all have where nothing is said. */
  readonly clusterId?: Uint8Array;
  /** Where it listens, if not where its name says. */
  readonly address?: string;
}

/** What all machines stand in. */
export interface Surroundings {
  readonly clock: ManualClock;
  readonly network: SimulatedNetwork;
  readonly witness: Witness;
  readonly spy: Spy;
  readonly findings: Findings;
  readonly keys: KeyServices;
  readonly moments: Moments;
  readonly excuses: Excuses;
  readonly ears: Ears;
  readonly lineage: Lineage;
  readonly rows: Rows;
  readonly epochs: EpochWatch;
  readonly generations: Generations;
  readonly recorder?: Recorder | undefined;
}

export const LOCK = '/data/lock';
const CLUSTER_ID = new Uint8Array(16).fill(7);
/** How far wall clocks are off, at most; another start, another error. */
const SKEW_MS = 400;
/** Running nodes ask their key services often: that those fail must not matter. */
const KEK_CANARY_MS = 900;
const hashes = new NodeHashes();
const AES_GCM = new AesGcmCipher();

/** What a process has of the network: a transport, or a wire for somebody's own. */
type PlaceInNetwork = SimulatedTransport | SimulatedWire;

/** What outlives a process: disks, and the place in the network. */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly identity: NodeIdentity;
  process: Process | undefined;
  /** Of the process that runs, or ran last. */
  numbers = new Numbers();
  readonly equipment: Equipment;
  readonly #options: MachineOptions;
  readonly #around: Surroundings;
  readonly disk: MachineDisk;
  readonly #random: SeededRandom;
  #besides = 0;

  constructor(options: MachineOptions, around: Surroundings) {
    const { disks = 'journalled', isBornClear = false, isEncrypted, joined, name, seed } = options;
    this.name = name;
    this.address = options.address ?? `${name}:7000`;
    this.#options = options;
    this.#around = around;
    this.equipment = new Equipment(around.clock);
    const birth = isEncrypted && !isBornClear ? 'encrypted' : 'clear';
    const { clusterId = CLUSTER_ID } = options;
    this.identity = { name, clusterId, format: 1, birth, ...(joined && { joined }) };
    const own = seed ^ Number(fullNodeId(name) & 0xffff_ffffn);
    this.#random = new SeededRandom(own);
    this.disk = new MachineDisk({
      profile: disks,
      clock: around.clock,
      random: new SeededRandom(own ^ 0x6469_736b),
    });
  }

  get isUp(): boolean {
    return this.process?.isServing === true;
  }

  /** Whether operators reach it: a node that stops has closed its door to them already. */
  get takesOrders(): boolean {
    return this.isUp && this.process?.isStopping === false;
  }

  get engine(): ReplicationEngine {
    return this.process!.engine;
  }

  get group(): ReplicatedGroup {
    return this.process!.group;
  }

  get directory(): DataDirectory {
    return this.#directory();
  }

  /** Starts a process over what is on the disks; resolves when it serves. */
  async start(): Promise<void> {
    const { network } = this.#around;
    const identity = { id: fullNodeId(this.name), name: this.name, address: this.address };
    const transport = this.#placeIn(network, { ...identity, clusterId: 'ours' });
    const life = new Life(() => {
      transport.crash();
      this.disk.end();
      if (this.process === process) this.process = undefined;
    });
    const within = this.#around.generations.next(this.name, life);
    transport.runBy((task) => life.run(task));
    const process = new Process(
      life,
      transport,
      this.#host(life, transport),
      (kv) => this.#around.recorder?.kv(this.name, kv) ?? kv,
    );
    this.process = process;
    await this.disk.prepare();
    this.disk.provide(this.#options.plugins?.files.contents ?? NO_FILES.contents);
    await within(() => process.start(() => mortal(this.disk.platter, life).hold(LOCK)));
  }

  /** A second process over the same disk, beside the one that runs; rejects as its start does. */
  async startBeside(): Promise<void> {
    const first = this.process?.life;
    const address = `${this.name}:${7001 + this.#besides++}`;
    const identity = { id: fullNodeId(this.name), name: this.name, address, clusterId: 'ours' };
    const transport = new SimulatedTransport(this.#around.network, identity);
    const life = new Life(() => transport.crash());
    transport.runBy((task) => life.run(task));
    const hold = async () => {
      const held = await this.disk.platter.hold(LOCK);
      if (first?.isOver !== true) return;
      await held.release();
      throw new CaissonError('UNAVAILABLE', { reason: 'the first one ended meanwhile' });
    };
    try {
      await new Process(life, transport, this.#host(life, transport), (kv) => kv).start(hold);
    } finally {
      life.end();
    }
  }

  /** Ends the process in good order. */
  async stop(): Promise<void> {
    const { process } = this;
    if (process === undefined) return;
    process.isStopping = true;
    await process.host.stop();
    process.transport.stop();
    process.life.end();
  }

  /** Where somebody's own transport runs there is a wire for it. */
  #placeIn(
    network: SimulatedNetwork,
    identity: ConstructorParameters<typeof SimulatedWire>[1],
  ): PlaceInNetwork {
    const isOwn = this.#options.plugins?.provides(RaftTransport.name) === true;
    if (!isOwn) return new SimulatedTransport(network, identity);
    return new SimulatedWire(network, identity, (bytes) => this.#around.spy.wire(bytes));
  }

  #host(life: Life, place: PlaceInNetwork): Host {
    this.numbers = new Numbers();
    const { ears, epochs, excuses, findings, keys, lineage, moments, recorder, rows, spy, witness } =
      this.#around;
    const { name } = this;
    const { plants, plugins } = this.#options;
    const random = plants.random?.(this.#random) ?? this.#random;
    const { time } = this.equipment;
    const taps = new Taps(name, life, moments);
    const ciphers = [epochs.cipher(spy.cipher(AES_GCM))];
    const seen = (platter: SimulatedDisk) => {
      const noted = recorder?.disk(name, platter) ?? platter;
      const watched = spy.disk(epochs.disk(name, noted));
      return taps.disk(plants.disk?.(watched) ?? watched);
    };
    const { disk, logs, stores } = this.disk.mount(life, seen);
    const directory = this.#directory();
    const complain = (text: string) => {
      if (!life.isOver && !excuses.covers(name, text)) findings.add('L5', `${name}: ${text}`);
    };
    const path = directory.group(1).store;
    const own = new OwnParts({ plugins, node: name, life, path, taps, lineage, rows, keys, recorder });
    const keksNow = () =>
      own.keyServices(this.equipment).map((service) => {
        const tapped = this.#doubted(taps.keks(service.clientOf(name)));
        return recorder?.keks(name, tapped) ?? tapped;
      });
    return new Host({
      given: own.without([
        [Clock, new ProcessClock(time, life, this.#random.integer(2 * SKEW_MS) - SKEW_MS)],
        [Random, random],
        [Hashes, hashes],
        [Logger, ears.logger(loggerOf(complain))],
        [Disk, disk],
        [Meter, this.numbers],
        [DataDirectory, directory],
        [UntrustedStores, rows.stores(name, path, stores)],
        [RaftLogs, mortal(taps.logs(lineage.logs(name, plants.logs?.(logs) ?? logs)), life)],
        place instanceof SimulatedWire
          ? [Wire, place]
          : [RaftTransport, taps.transport(spy.transport(recorder?.transport(place) ?? place))],
        [Cipher, ciphers],
        [KekProvider, keksNow()],
        [KekConfiguration, { load: async () => ({ keks: keksNow(), close: async () => undefined }) }],
      ]),
      services: [...own.services, ...this.#services()],
      faults: {
        degraded: () => undefined,
        recovered: () => undefined,
        fatal: (error: CaissonError) => {
          complain(`fatal: ${error.message}${causes(error)}`);
          if (!life.isOver) this.#fell(error);
          life.end();
        },
      },
      around: (token, made) => {
        const seen = own.around(token, made);
        const instance = taps.around(token, plants.around?.(token, seen) ?? seen);
        return token === Applier.name ? witness.watch(name, life, instance as Applier) : instance;
      },
    });
  }

  /** The program itself, as it is configured now. */
  #services(): readonly AnyService[] {
    const { engine, epochMax, isEncrypted, kv = {} } = this.#options;
    const { isEncryptionOff } = this.equipment;
    const envelopeVersion = this.equipment.envelopeVersion ?? this.#options.envelopeVersion ?? 2;
    const enabled = isEncrypted && !isEncryptionOff;
    const settings = { enabled, envelopeVersion, kekCanaryMs: KEK_CANARY_MS, ...(epochMax && { epochMax }) };
    return [
      ...applierEncryption.services(settingsOf(applierEncryption, settings)),
      ...applierKv.services(ApplierKvConfig.parse(kv)),
      ...engineRaft.services(EngineRaftConfig.parse(engine)),
    ];
  }

  /** Counts what fails while a node serves, and must not matter to it. */
  #doubted(kek: KekProvider): KekProvider {
    const probe: KekProvider['probe'] = (signal) =>
      kek.probe(signal).catch((error: unknown) => {
        if (this.isUp) this.#around.findings.saw('E20');
        throw error;
      });
    return override(kek, { probe });
  }

  /** What a process leaves behind that ends itself. */
  #fell(error: CaissonError): void {
    const { ears, findings, witness } = this.#around;
    ears.hear('metrics', this.numbers.text);
    if (!this.isUp) return;
    if (error.code.startsWith('KEK_'))
      findings.add('E20', `${this.name} served, and ended itself: ${error.message}`);
    // Of a batch that the disk failed nobody knows whether it is there.
    const isOfEntry = error.code === 'APPLY_HALTED' && !/^DISK_/.test(String(error.details.reason));
    if (isOfEntry) witness.halted(this.name, this.group.status().applied + 1);
  }

  #directory(): DataDirectory {
    return {
      path: '/data',
      identity: this.identity,
      encryptionPath: '/data/encryption',
      group: (id) => {
        const at = `/data/groups/${id}`;
        return { log: `${at}/log`, store: `${at}/store`, snapshots: `${at}/snapshots` };
      },
    };
  }
}

/** One run of a node. */
export class Process {
  isServing = false;
  isStopping = false;
  readonly #ready = createDeferred<void>();
  #engine: ReplicationEngine | undefined;
  #group: ReplicatedGroup | undefined;

  constructor(
    readonly life: Life,
    readonly transport: PlaceInNetwork,
    readonly host: Host,
    readonly seen: (kv: KvService) => KvService,
  ) {}

  get engine(): ReplicationEngine {
    return (this.#engine ??= this.host.get(ReplicationEngine));
  }

  get group(): ReplicatedGroup {
    return (this.#group ??= this.engine.group(1));
  }

  /** As whoever asks for it now sees it. */
  get kv(): KvService {
    return this.seen(this.host.get(KvService));
  }

  /** Settles as its start does, unless it ends before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** First of all it holds its directory, as a program does. */
  async start(hold: () => Promise<unknown>): Promise<void> {
    // Whoever does not ask is not told.
    this.ready.catch(() => undefined);
    try {
      await hold();
      await this.host.start();
      this.isServing = !this.life.isOver;
      this.#ready.resolve();
    } catch (error) {
      this.#ready.reject(error);
      throw error;
    }
  }
}
