import type { SeededRandom } from '@caisson/compliance';
import type { StormCluster } from '../cluster/cluster.js';
import type { Machine } from '../cluster/machine.js';
import type { Fault } from './fault.js';

const MEMBERS_MAX = 5;
const VOTERS_MIN = 2;
const CALLS_TO_CRASH_MAX = 60;

type Draw = (fate: Fate) => readonly Fault[];

/** What goes wrong, and how often in relation to each other. */
const DRAWS: readonly (readonly [weight: number, draw: Draw])[] = [
  [20, (fate) => fate.crash()],
  [6, (fate) => fate.stop()],
  [3, () => [{ kind: 'powerLoss' }]],
  [40, (fate) => fate.restart()],
  [16, (fate) => fate.cut()],
  [20, () => [{ kind: 'heal' }]],
  [8, (fate) => fate.weather()],
  [10, (fate) => fate.transfer()],
  [12, (fate) => fate.changeMembers()],
];

const WEIGHT = DRAWS.reduce((sum, [weight]) => sum + weight, 0);

/** Draws what goes wrong next from a stream of numbers, among what can go wrong as things stand. */
export class Fate {
  readonly #cluster: StormCluster;
  readonly #random: SeededRandom;
  readonly #removed = new Set<string>();

  constructor(cluster: StormCluster, random: SeededRandom) {
    this.#cluster = cluster;
    this.#random = random;
  }

  /** Until the next draw. */
  pauseMs(): number {
    return 50 + this.#random.integer(400);
  }

  draw(): readonly Fault[] {
    let rest = this.#random.integer(WEIGHT);
    const [, draw] = DRAWS.find(([weight]) => (rest -= weight) < 0)!;
    return draw(this);
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
    const [one, ...others] = this.#shuffled(this.#cluster.machines);
    if (one === undefined || others.length === 0) return [];
    const ways = this.#random.integer(3);
    const links = others.slice(0, 1 + this.#random.integer(others.length)).flatMap(({ name }) => {
      const [inwards, outwards]: [string, string][] = [
        [name, one.name],
        [one.name, name],
      ];
      return [inwards!, outwards!].filter((_, way) => ways === 2 || way === ways);
    });
    return [{ kind: 'cut', links }];
  }

  weather(): readonly Fault[] {
    return [{ kind: 'weather', weather: this.#random.integer(2) === 0 ? 'rough' : 'calm' }];
  }

  transfer(): readonly Fault[] {
    const target = this.#pick(this.#cluster.machines);
    if (this.#cluster.leader === undefined || target === undefined) return [];
    return [{ kind: 'transfer', to: target.name }];
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
