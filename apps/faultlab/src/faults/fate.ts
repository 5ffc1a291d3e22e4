import { fullNodeId, nodeId16 } from '@caisson/formats';
import type { SeededRandom } from '@caisson/compliance';
import type { StormCluster } from '../cluster/cluster.js';
import type { Machine } from '../cluster/machine.js';
import type { Draw } from './family.js';
import type { Fault } from './fault.js';
import type { Trigger } from './moment.js';
import { ENTRY_NAMES, MOMENTS } from './moment.js';

const MEMBERS_MAX = 5;
const VOTERS_MIN = 2;
const CALLS_TO_CRASH_MAX = 60;
const NTH_MAX = 12;
/** The lowest name whose short id is that of `n1`: finding it takes longer than many a storm's second. */
export const LIKE_THE_FOUNDER = 'n24292';

export interface FateOptions {
  readonly cluster: StormCluster;
  readonly random: SeededRandom;
  readonly draws: readonly Draw[];
  /** Between one draw and the next, on average; 250 where nothing is said. */
  readonly meanPauseMs?: number | undefined;
  /** Whether half of what does harm waits for a moment of a node instead of happening at once. */
  readonly hasTriggers?: boolean | undefined;
}

/** Draws what goes wrong next from a stream of numbers, among what can go wrong as things stand. */
export class Fate {
  readonly #cluster: StormCluster;
  readonly #random: SeededRandom;
  readonly #draws: readonly Draw[];
  readonly #meanPauseMs: number;
  readonly #hasTriggers: boolean;
  readonly #removed = new Set<string>();

  constructor({ cluster, draws, hasTriggers = false, meanPauseMs = 250, random }: FateOptions) {
    this.#cluster = cluster;
    this.#random = random;
    this.#draws = draws;
    this.#meanPauseMs = meanPauseMs;
    this.#hasTriggers = hasTriggers;
  }

  /** Until the next draw. */
  pauseMs(): number {
    const shortest = Math.round(this.#meanPauseMs / 5);
    return shortest + this.#random.integer(2 * (this.#meanPauseMs - shortest));
  }

  draw(): readonly Fault[] {
    const weight = this.#draws.reduce((sum, each) => sum + each.weight, 0);
    if (weight === 0) return [];
    let rest = this.#random.integer(weight);
    return this.#draws.find((each) => (rest -= each.weight) < 0)!.draw(this);
  }

  /** What the fault is to wait for, if anything; what ends harm never waits. */
  trigger(isRelief: boolean): Trigger | undefined {
    if (!this.#hasTriggers) return undefined;
    const [coin, which, of, who, nth] = [2, MOMENTS.length, 3, 4, NTH_MAX].map((below) =>
      this.integer(below),
    );
    const one = this.#pick(this.#cluster.machines);
    if (coin === 0 || isRelief) return undefined;
    const event = MOMENTS[which!]!;
    const isOfEntries = event === 'proposes' || event === 'applies';
    const entry = ENTRY_NAMES[[0, 2, 4][of!]!];
    const node = who === 0 ? undefined : who === 1 ? 'leader' : who === 2 ? 'follower' : one?.name;
    return {
      event,
      nth: 1 + nth!,
      ...(node !== undefined && { node }),
      ...(isOfEntries && entry !== undefined && { of: entry }),
    };
  }

  integer(below: number): number {
    return this.#random.integer(below);
  }

  sign(): 1 | -1 {
    return this.#random.integer(2) === 0 ? 1 : -1;
  }

  /** From 1 to `most`, each order of magnitude as likely as the others. */
  logUniform(most: number): number {
    return Math.max(1, Math.round(most ** (this.#random.integer(1001) / 1000)));
  }

  /** On a machine whose process runs. */
  onOne(make: (name: string) => readonly Fault[]): readonly Fault[] {
    return this.#on(
      this.#cluster.machines.filter(({ process }) => process !== undefined),
      make,
    );
  }

  onDown(make: (name: string) => readonly Fault[]): readonly Fault[] {
    const down = this.#cluster.machines.filter(({ process }) => process === undefined);
    return this.#on(
      down.filter(({ name }) => !this.#removed.has(name)),
      make,
    );
  }

  onHanging(make: (name: string) => readonly Fault[]): readonly Fault[] {
    return this.#on(
      this.#cluster.machines.filter(({ process }) => process?.life.isPaused === true),
      make,
    );
  }

  onAny(make: (name: string) => readonly Fault[]): readonly Fault[] {
    return this.#on(this.#cluster.machines, make);
  }

  /** On some links of one machine, one way or both. */
  onLinks(make: (links: [string, string][]) => Fault): readonly Fault[] {
    const links = this.#links();
    return links.length === 0 ? [] : [make(links)];
  }

  /** All machines, in any order. */
  shuffledNames(): string[] {
    return this.#shuffled(this.#cluster.machines).map(({ name }) => name);
  }

  /** Two halves that one machine alone joins. */
  bridge(): readonly Fault[] {
    const [, ...rest] = this.shuffledNames();
    const middle = rest.length >> 1;
    const links = rest.slice(0, middle).flatMap((a) =>
      rest.slice(middle).flatMap((b): [string, string][] => [
        [a, b],
        [b, a],
      ]),
    );
    return links.length === 0 ? [] : [{ kind: 'cut', links }];
  }

  /** A machine that was removed comes back with empty disks, under its old name. */
  replaceRemoved(): readonly Fault[] {
    const name = this.#pick([...this.#removed]);
    if (name === undefined || this.#cluster.members.length >= MEMBERS_MAX) return [];
    if (this.#cluster.members.some((member) => member.name === name)) return [];
    this.#removed.delete(name);
    return [
      { kind: 'wipe', node: name },
      { kind: 'addLearner', node: name },
    ];
  }

  /** Somebody asks to be let in whose short id is that of the founder. */
  collide(): readonly Fault[] {
    return [{ kind: 'addLearner', node: LIKE_THE_FOUNDER }];
  }

  crash(): readonly Fault[] {
    const machine = this.#pick(this.#cluster.machines.filter(({ process }) => process !== undefined));
    if (machine === undefined) return [];
    return [
      this.#random.integer(2) === 0 ? { kind: 'crash', node: machine.name } : this.#crashAtCall(machine),
    ];
  }

  stop(): readonly Fault[] {
    const machine = this.#pick(this.#cluster.up);
    return machine === undefined ? [] : [{ kind: 'stop', node: machine.name }];
  }

  restart(): readonly Fault[] {
    const machine = this.#pick(this.#cluster.machines.filter(({ process }) => process === undefined));
    if (machine === undefined || this.#removed.has(machine.name)) return [];
    const start: Fault = { kind: 'start', node: machine.name };
    return this.#random.integer(4) === 0 ? [start, this.#crashAtCall(machine)] : [start];
  }

  cut(): readonly Fault[] {
    return this.onLinks((links) => ({ kind: 'cut', links }));
  }

  weather(): readonly Fault[] {
    return [{ kind: 'weather', weather: this.#random.integer(2) === 0 ? 'rough' : 'calm' }];
  }

  transfer(): readonly Fault[] {
    const target = this.#pick(this.#cluster.machines);
    if (this.#cluster.leader === undefined || target === undefined) return [];
    return [{ kind: 'transfer', to: target.name }];
  }

  removeLeader(): readonly Fault[] {
    const { leader, members } = this.#cluster;
    if (leader === undefined || members.filter(({ role }) => role === 'voter').length <= VOTERS_MIN)
      return [];
    this.#removed.add(leader.name);
    return [{ kind: 'remove', node: 'leader' }];
  }

  changeMembers(): readonly Fault[] {
    const { leader } = this.#cluster;
    if (leader === undefined) return [];
    const { members } = leader.group.status();
    const learner = members.find(({ role }) => role === 'learner');
    const voters = members.filter(({ role }) => role === 'voter');
    const choice = this.#random.integer(4);
    if (learner !== undefined && choice < 2) return [{ kind: 'promote', node: learner.name }];
    if (choice === 3 && voters.length > VOTERS_MIN) {
      const { name } = this.#pick(members)!;
      this.#removed.add(name);
      return [{ kind: 'remove', node: name }];
    }
    if (members.length >= MEMBERS_MAX) return [];
    const spare = this.#cluster.machines.find(({ name }) => {
      return !this.#removed.has(name) && members.every((member) => member.name !== name);
    });
    return [{ kind: 'addLearner', node: spare?.name ?? this.#cluster.nextName }];
  }

  #on(machines: readonly Machine[], make: (name: string) => readonly Fault[]): readonly Fault[] {
    const machine = this.#pick(machines);
    return machine === undefined ? [] : make(machine.name);
  }

  #links(): [string, string][] {
    const [one, ...others] = this.#shuffled(this.#cluster.machines);
    if (one === undefined || others.length === 0) return [];
    const ways = this.#random.integer(3);
    return others.slice(0, 1 + this.#random.integer(others.length)).flatMap(({ name }) => {
      const [inwards, outwards]: [string, string][] = [
        [name, one.name],
        [one.name, name],
      ];
      return [inwards!, outwards!].filter((_, way) => ways === 2 || way === ways);
    });
  }

  #crashAtCall({ name }: Machine): Fault {
    const calls = 1 + this.#random.integer(CALLS_TO_CRASH_MAX);
    const moment = this.#random.integer(2) === 0 ? 'before' : 'after';
    return { kind: 'crashAtCall', node: name, calls, moment };
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#random.integer(Math.max(items.length, 1))];
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.#random.integer(rest.length), 1)[0]!);
  }
}

/** The lowest name whose short id is that of another one. */
export function collidingName(name: string): string {
  const short = nodeId16(fullNodeId(name));
  let number = 1000;
  while (nodeId16(fullNodeId(`n${number}`)) !== short || `n${number}` === name) number++;
  return `n${number}`;
}
