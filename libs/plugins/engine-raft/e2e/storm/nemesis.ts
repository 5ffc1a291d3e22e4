import type { SeededRandom } from '@caisson/compliance';
import { isCaissonError } from '@caisson/contracts';
import { CALM, ROUGH } from '@caisson/simulator';
import type { StormCluster } from './cluster.js';
import { causes } from './logger.js';
import type { Machine } from './machine.js';

const MEMBERS_MAX = 5;
const VOTERS_MIN = 2;
const CALLS_TO_CRASH_MAX = 60;

type Deed = (nemesis: Nemesis) => string | undefined;

/** What goes wrong, and how often in relation to each other. */
const DEEDS: readonly (readonly [number, Deed])[] = [
  [20, (nemesis) => nemesis.crash()],
  [6, (nemesis) => nemesis.stop()],
  [3, (nemesis) => nemesis.failPower()],
  [40, (nemesis) => nemesis.restart()],
  [12, (nemesis) => nemesis.cut()],
  [24, (nemesis) => nemesis.heal()],
  [8, (nemesis) => nemesis.changeWeather()],
  [8, (nemesis) => nemesis.transfer()],
  [10, (nemesis) => nemesis.changeMembers()],
];

/** Does harm, and orders what operators order. All of it follows from its stream of numbers. */
export class Nemesis {
  readonly story: string[] = [];
  readonly surprises: string[] = [];
  /** Members were told to go, as far as anybody knows. */
  readonly removed = new Set<string>();
  readonly #cluster: StormCluster;
  readonly #random: SeededRandom;
  #pending = 0;

  constructor(cluster: StormCluster, random: SeededRandom) {
    this.#cluster = cluster;
    this.#random = random;
  }

  get isWaiting(): boolean {
    return this.#pending > 0;
  }

  act(): void {
    let rest = this.#random.integer(DEEDS.reduce((sum, [weight]) => sum + weight, 0));
    const [, deed] = DEEDS.find(([weight]) => (rest -= weight) < 0)!;
    this.#tell(deed(this));
  }

  crash(): string | undefined {
    const machine = this.#pick(this.#cluster.machines.filter(({ process }) => process !== undefined));
    if (machine === undefined) return undefined;
    const { life } = machine.process!;
    if (this.#random.integer(2) === 0) {
      life.end();
      return `${machine.name} crashes`;
    }
    return `${machine.name} ${this.#doom(machine)}`;
  }

  failPower(): string {
    for (const { process } of this.#cluster.machines) process?.life.end();
    return 'all crash';
  }

  stop(): string | undefined {
    const machine = this.#pick(this.#cluster.up);
    if (machine === undefined) return undefined;
    this.watch(machine, 'stop', machine.stop());
    return `${machine.name} is stopped`;
  }

  restart(): string | undefined {
    const machine = this.#pick(this.#cluster.machines.filter(({ process }) => process === undefined));
    if (machine === undefined || this.removed.has(machine.name)) return undefined;
    this.start(machine);
    const end = this.#random.integer(4) === 0 ? ` and ${this.#doom(machine)}` : '';
    return `${machine.name} starts${end}`;
  }

  cut(): string | undefined {
    const [one, ...others] = this.#shuffled(this.#cluster.machines);
    if (one === undefined) return undefined;
    const count = 1 + this.#random.integer(others.length);
    const ways = this.#random.integer(3);
    for (const other of others.slice(0, count)) {
      if (ways !== 1) this.#cluster.network.cut(one.address, other.address);
      if (ways !== 2) this.#cluster.network.cut(other.address, one.address);
    }
    const names = others.slice(0, count).map(({ name }) => name);
    return `${one.name} is cut off from ${names.join(', ')} ${['both ways', 'inwards', 'outwards'][ways]}`;
  }

  heal(): string {
    this.#cluster.network.healAll();
    return 'all links work';
  }

  changeWeather(): string {
    const isRough = this.#random.integer(2) === 0;
    this.#cluster.network.weather = isRough ? ROUGH : CALM;
    return isRough ? 'rough weather' : 'calm weather';
  }

  transfer(): string | undefined {
    const [leader, target] = [this.#cluster.leader, this.#pick(this.#cluster.machines)];
    if (leader === undefined || target === undefined) return undefined;
    const { engine } = leader;
    this.watch(leader, `transfer to ${target.name}`, engine.transferLeadership(1, target.name));
    return `${leader.name} hands over to ${target.name}`;
  }

  changeMembers(): string | undefined {
    const { leader } = this.#cluster;
    if (leader === undefined) return undefined;
    const members = leader.group.status().members;
    const learner = members.find(({ role }) => role === 'learner');
    const voters = members.filter(({ role }) => role === 'voter');
    const choice = this.#random.integer(4);
    if (learner !== undefined && choice < 2) return this.#order(leader, 'promote', learner.name);
    if (choice === 3 && voters.length > VOTERS_MIN) {
      const { name } = this.#pick(members)!;
      this.removed.add(name);
      return this.#order(leader, 'remove', name);
    }
    if (members.length >= MEMBERS_MAX) return undefined;
    const fresh = this.#cluster.machines.find(({ name }) => {
      return !this.removed.has(name) && members.every((member) => member.name !== name);
    });
    return this.addLearner(leader, fresh ?? this.#cluster.addMachine());
  }

  addLearner(leader: Machine, fresh: Machine): string {
    if (fresh.process === undefined) this.start(fresh);
    const { address, name } = fresh;
    const change = { kind: 'addLearner', name, address, clientAddress: `${name}:8000` } as const;
    const { engine } = leader;
    this.watch(leader, `addLearner ${name}`, engine.changeMembership(1, change));
    return `${leader.name} is to add ${name}`;
  }

  #order(leader: Machine, kind: 'promote' | 'remove', name: string): string {
    const { engine } = leader;
    this.watch(leader, `${kind} ${name}`, engine.changeMembership(1, { kind, name }));
    return `${leader.name} is to ${kind} ${name}`;
  }

  start(machine: Machine): void {
    const starting = machine.start();
    this.watch(machine, 'start', starting);
  }

  /** What becomes of work on a machine. What failed for the storm's sake is no surprise. */
  watch({ name, process }: Machine, what: string, work: Promise<unknown>): void {
    this.#pending++;
    const ended = (process?.life.ended ?? Promise.resolve()).then(() => 'it ended meanwhile');
    const done = work.then(
      () => 'done',
      (error: unknown) => this.#excuse(`${what} at ${name}`, error),
    );
    void Promise.race([done, ended]).then((end) => {
      this.#pending--;
      this.#tell(`${what} at ${name}: ${end}`);
    });
  }

  /** Lets a machine crash in the middle of something it will do. */
  #doom(machine: Machine): string {
    const calls = 1 + this.#random.integer(CALLS_TO_CRASH_MAX);
    const moment = this.#random.integer(2) === 0 ? 'before' : 'after';
    machine.process?.life.endAt(calls, moment);
    return `crashes ${moment} call ${calls}`;
  }

  #excuse(what: string, error: unknown): string {
    const isExpected = isCaissonError(error) && error.code !== 'INTERNAL';
    if (!isExpected) this.surprises.push(`${what}:${causes(error)}`);
    return isExpected ? error.message.slice(0, 100) : 'a surprise';
  }

  #tell(word: string | undefined): void {
    if (word !== undefined) this.story.push(`${this.#cluster.clock.monotonicMs()} ${word}`);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#random.integer(Math.max(items.length, 1))];
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.#random.integer(rest.length), 1)[0]!);
  }
}
