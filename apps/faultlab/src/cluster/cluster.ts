import { ManualClock, type SeededRandom } from '@caisson/compliance';
import { KekProvider, type Member, RaftLogs, UntrustedStores } from '@caisson/contracts';
import { type CrashProfile, SimulatedNetwork } from '@caisson/simulator';
import type { SealLedger } from '../ledger/seal-ledger.js';
import { CommittedLog } from '../oracles/committed.js';
import { Ears } from '../oracles/ears.js';
import { EpochWatch } from '../oracles/epochs.js';
import { Findings } from '../oracles/findings.js';
import { Lineage } from '../oracles/lineage.js';
import { Rows } from '../oracles/rows.js';
import { Spy } from '../oracles/spy.js';
import { Witness } from '../oracles/witness.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import type { Plants } from '../plants/plants.js';
import type { Recorder } from '../trace/recorder.js';
import { Trace, type TraceListener } from '../trace/trace.js';
import { Moments } from '../faults/moment.js';
import { Excuses } from '../oracles/excuses.js';
import { Generations } from '../kernel/generations.js';
import { RealWorld } from '../kernel/real-world.js';
import { KeyServices } from './equipment.js';
import { Damage } from './damage.js';
import { Lanes } from './lanes.js';
import { Machine } from './machine.js';
import { toolKeks } from './tool-keks.js';

export interface ClusterOptions {
  readonly seed: number;
  readonly isEncrypted: boolean;
  readonly envelopeVersion?: 1 | 2;
  readonly isBornClear?: boolean | undefined;
  /** The last epoch that a node takes under one key; what fits where nothing is said. */
  readonly epochMax?: number | undefined;
  readonly engine: unknown;
  readonly kv?: unknown;
  readonly plants: Plants;
  /** Of somebody else, in place of what the simulation gives. */
  readonly plugins?: OwnPlugins | undefined;
  readonly listener?: TraceListener | undefined;
  /** Whether to know whose work is done, at the cost of speed. */
  readonly isAttributed?: boolean | undefined;
  /** Of every machine's disk; `journalled` where nothing is said. */
  readonly disks?: CrashProfile | undefined;
  readonly clusterId?: Uint8Array;
  /** Another cluster, in whose time and under whose eyes this one lives; its network is its own. */
  readonly beside?: StormCluster;
  /** Writes down what happens; copies of the cluster are not recorded. */
  readonly recorder?: Recorder | undefined;
  /** Where seals are noted; each text and nonce where nothing is said. */
  readonly ledger?: SealLedger;
}

/** Whether something has come true may depend on the time alone. */
const LOOK_EVERY_MS = 10;

const NOBODY = { leads: false, leadership: 0 };

const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Ends a storm that has shown what it was run for. */
export class EnoughSeen extends Error {
  override readonly name = 'EnoughSeen';
}

/** Machines, the network between them, and the time they share. */
export class StormCluster {
  readonly clock: ManualClock;
  readonly network: SimulatedNetwork;
  readonly findings: Findings;
  readonly lanes = new Lanes();
  eventsMax = Infinity;
  readonly trace: Trace;
  readonly witness: Witness;
  readonly spy: Spy;
  readonly keys: KeyServices;
  readonly moments = new Moments((node) => this.leader?.name === node);
  readonly excuses = new Excuses();
  readonly ears: Ears;
  readonly lineage: Lineage;
  readonly rows: Rows;
  readonly epochs: EpochWatch;
  readonly committed: CommittedLog;
  readonly damage = new Damage();
  readonly generations: Generations;
  readonly recorder: Recorder | undefined;
  readonly machines: Machine[] = [];
  readonly isEncrypted: boolean;
  /** Whether nothing may go wrong any more. */
  isCalm = false;
  isRough = false;
  /** Whether any node was told to write envelope version 1, at any time. */
  wroteVersion1 = false;
  readonly #options: ClusterOptions;
  #likenesses = 0;
  readonly #world: RealWorld;

  constructor(options: ClusterOptions) {
    const { beside, isEncrypted, ledger, listener, seed } = options;
    this.#options = options;
    this.isEncrypted = isEncrypted;
    this.clock = beside?.clock ?? new ManualClock();
    // What is sealed counts wherever it is; what else a copy comes to, its own oracles say of it alone.
    this.findings = new Findings(this.clock);
    this.trace = beside?.trace ?? new Trace(this.clock, listener);
    const { clock, findings, trace } = this;
    this.#world = new RealWorld(findings);
    this.generations = new Generations(options.isAttributed === true);
    this.committed = new CommittedLog(findings);
    this.witness = new Witness(this, trace);
    this.spy =
      (ledger ? undefined : beside?.spy) ??
      new Spy({ isEncrypted, findings, trace, ...(ledger && { ledger }) });
    this.keys = beside?.keys ?? new KeyServices(clock, seed);
    this.keys.learn(options.plugins?.files.keys ?? []);
    this.lineage = new Lineage(findings);
    this.epochs = new EpochWatch(findings);
    this.rows = new Rows(findings, this.epochs);
    this.ears = new Ears({ findings, secrets: this.keys.material });
    this.network = new SimulatedNetwork({ clock, seed });
    this.recorder = options.recorder;
    this.recorder?.watch(this);
  }

  /** A cluster of so many voters, the first of them its founder. */
  static async of(voters: number, options: ClusterOptions): Promise<StormCluster> {
    const cluster = new StormCluster(options);
    await cluster.found();
    while (cluster.machines.length < voters) await cluster.grow();
    return cluster;
  }

  async found(): Promise<void> {
    const founder = this.addMachine();
    await this.settled(founder.start());
    await this.must(5000, 'the founder leads', () => founder.group.status().leads);
  }

  /** Another voter, in calm. */
  async grow(): Promise<Machine> {
    const machine = this.addMachine();
    const { address, name } = machine;
    const { engine, group } = this.leader!;
    await this.settled(machine.start());
    const clientAddress = `${name}:8000`;
    await this.settled(engine.changeMembership(1, { kind: 'addLearner', name, address, clientAddress }));
    const isCaughtUp = () => machine.group.status().applied >= group.status().applied;
    await this.must(5000, `${name} catches up`, isCaughtUp);
    await this.settled(engine.changeMembership(1, { kind: 'promote', name }));
    return machine;
  }

  /** By its name, or by the part it plays now: `leader`, or the first `follower` that serves. */
  find(name: string): Machine | undefined {
    if (name === 'leader') return this.leader;
    if (name === 'follower') return this.up.find(({ group }) => !group.status().leads);
    return this.machines.find((machine) => machine.name === name);
  }

  /** The same for one that is known to be there. */
  machine(name: string): Machine {
    return this.find(name)!;
  }

  /** The lowest that no machine has. */
  get nextName(): string {
    let number = this.machines.length + 1;
    while (this.find(`n${number}`) !== undefined) number++;
    return `n${number}`;
  }

  /** What another cluster of the same kind is made with; its randomness is its own. */
  get likeThis(): ClusterOptions {
    return { ...this.#options, recorder: undefined, seed: this.#options.seed + 1009 * ++this.#likenesses };
  }

  get seed(): number {
    return this.#options.seed;
  }

  /** Whether stores and logs are the simulation's own, so that others can read what they left. */
  get isOfTwins(): boolean {
    const { plugins } = this.#options;
    return [UntrustedStores, RaftLogs].every(({ name }) => plugins?.provides(name) !== true);
  }

  /** Whether nonces are safe over disks that come back: only envelope version 2 promises that. */
  get hasSafeNonces(): boolean {
    return this.#options.envelopeVersion !== 1 && !this.wroteVersion1;
  }

  /** The keys, as a tool on a machine reaches them while its node is down. */
  keksOn(machine: Machine, random: SeededRandom): Promise<readonly KekProvider[]> {
    const { clock, keys } = this;
    return toolKeks(machine, { clock, keys, random, plugins: this.#options.plugins });
  }

  /** Nothing of it goes on. */
  end(): void {
    for (const { process } of this.machines) process?.life.end();
    this.#world.end();
  }

  /** Another machine, not started. The first founds the cluster, the others wait to be let in. */
  addMachine(name = this.nextName): Machine {
    const joined = this.machines.length > 0;
    const machine = new Machine({ ...this.#options, name, joined }, this);
    this.machines.push(machine);
    return machine;
  }

  /** The machine that was called so is gone, and another one of its name has empty disks. */
  replaceMachine(name: string): void {
    const at = this.machines.findIndex((machine) => machine.name === name);
    this.forgetDisks(name);
    if (at >= 0) this.network.forget(this.machines[at]!.address);
    if (at >= 0) this.machines[at] = new Machine({ ...this.#options, name, joined: true }, this);
  }

  /** The disks of a machine are other ones, or older: what they were promised does not bind them. */
  forgetDisks(name: string): void {
    for (const oracle of [this.lineage, this.rows, this.epochs]) oracle.forget(name);
    this.witness.mayGoOnElsewhere(name);
  }

  /** Whether any key is the simulation's own, and can have new versions. */
  get hasSimulatedKey(): boolean {
    return this.#options.plugins?.provides(KekProvider.name) !== true || this.keys.all.length > 1;
  }

  /** Whether nothing of what clients write from now on may be seen anywhere. */
  get isSealing(): boolean {
    return this.rows.isSealing;
  }

  /** As the leader knows them, or else whoever serves. */
  get members(): readonly Member[] {
    return (this.leader ?? this.up[0])?.group.status().members ?? [];
  }

  get up(): readonly Machine[] {
    return this.machines.filter(({ isUp }) => isUp);
  }

  get leader(): Machine | undefined {
    return this.up.find(({ group }) => group.status().leads);
  }

  /** Whether the storm has shown what it was run for, or nothing of the kind in as many events. */
  get isOver(): boolean {
    return this.findings.isEnough || this.trace.events > this.eventsMax;
  }

  /**
   * Lets time pass until the next thing happens, at most so much, and has everything happen that happens
   * then. A millisecond in which nothing is due is not looked at.
   */
  async #pass(mostMs: number): Promise<void> {
    if (this.isOver) throw new EnoughSeen();
    await this.#turn(Math.min(Math.max(this.clock.untilNextMs, 1), mostMs));
    const atMs = this.clock.monotonicMs();
    for (const machine of this.machines) {
      const { isUp, name, process } = machine;
      const { leads, leadership } = isUp ? machine.group.status() : NOBODY;
      if (leads) this.witness.leads(name, leadership);
      if (isUp) this.recorder?.stands(machine, machine.group.status());
      const state = leads ? 'leads' : isUp ? 'serves' : process === undefined ? 'down' : 'starts';
      if (this.lanes.note(name, atMs, state)) this.trace.note('lane', name, state);
    }
  }

  /** Neither real time nor real chance comes into it. */
  async #turn(ms: number): Promise<void> {
    this.#world.enter();
    try {
      this.clock.advance(ms);
      await drained();
    } finally {
      this.#world.leave();
    }
  }

  async passMs(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    // What was begun outside of a turn gets to where it waits for time to pass.
    await this.#pass(0);
    for (let leftMs = ms; leftMs > 0; leftMs = endMs - this.clock.monotonicMs()) await this.#pass(leftMs);
  }

  /** Whether it came true within so many milliseconds. */
  async within(ms: number, isTrue: () => boolean): Promise<boolean> {
    const endMs = this.clock.monotonicMs() + ms;
    await this.#pass(0);
    for (let leftMs = ms; leftMs > 0 && !isTrue(); leftMs = endMs - this.clock.monotonicMs())
      await this.#pass(Math.min(leftMs, LOOK_EVERY_MS));
    return isTrue();
  }

  /** The same for what has to come true. */
  async must(ms: number, what: string, isTrue: () => boolean): Promise<void> {
    if (await this.within(ms, isTrue)) return;
    const standings = this.up.map(({ group, name }) => {
      const { applied, durable, leader, leadership, members } = group.status();
      const parts = members.map((member) => `${member.name} ${member.role}`).join(', ');
      return `${name}: applied ${applied}, durable ${durable}, term ${leadership} of ${leader} (${parts})`;
    });
    throw new RangeError(`not within ${ms} ms: ${what}\n${standings.join('\n')}`);
  }

  /** Lets time pass until the promise settles. */
  async settled<T>(pending: Promise<T>, withinMs = 20_000): Promise<T> {
    let isSettled = false;
    const settle = () => void (isSettled = true);
    pending.then(settle, settle);
    if (!(await this.within(withinMs, () => isSettled))) throw new RangeError('never settled');
    return pending;
  }
}
