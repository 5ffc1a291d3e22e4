import { SeededRandom } from '@caisson/compliance';
import { isCaissonError } from '@caisson/contracts';
import { Lab } from './lab.js';
import type { LabNode } from './node.js';

const STEPS = 40;
const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'] as const;
const FEWEST = 3;
const SILENCE_MS = 8000;

let race: Race;
afterEach(() => race.lab.end());

/**
 * Orders that meet each other: rotations and cutovers while nodes start and register, while members come, are
 * promoted and go, while the lead moves. Whoever orders takes a typed failure for an answer and goes on.
 */
class Race {
  readonly written = new Map<string, string>();
  readonly surprises: string[] = [];
  readonly done = new Map<string, number>();
  readonly #random: SeededRandom;
  readonly #keepsDisks: boolean;
  readonly #pending = new Set<Promise<void>>();
  readonly #busy = new Set<string>();

  constructor(
    readonly lab: Lab,
    seed: number,
    /** Nobody comes back under an old name without them. */
    keepsDisks: boolean,
  ) {
    this.#keepsDisks = keepsDisks;
    this.#random = new SeededRandom(seed);
  }

  async run(): Promise<void> {
    const { lab } = this;
    for (let step = 0; step < STEPS; step++) {
      this.#write(step);
      const [name, action] = this.#draw();
      this.#begin(name, action);
      await lab.pass(this.#random.integer(60));
    }
    await lab.settled(Promise.all(this.#pending));
  }

  /** Nothing is ordered any more: whoever is a member runs. */
  async calm(): Promise<readonly LabNode[]> {
    const { lab } = this;
    for (const node of this.#members()) if (node.isDown) await this.#start(node);
    await lab.led();
    const members = this.#members();
    for (const node of members) if (node.isDown) await this.#start(node);
    await lab.even(members);
    return members;
  }

  #draw(): [string, () => Promise<unknown>] {
    const actions: [string, () => Promise<unknown>][] = [
      ['rotate storage', () => this.#rotate('storage')],
      ['rotate raft', () => this.#rotate('raft')],
      ['rewrap', async () => this.lab.order((await this.lab.led()).keys.rewrap({}, {}))],
      ['restart', () => this.#restart()],
      ['restart', () => this.#restart()],
      ['transfer', () => this.#transfer()],
      ['enable storage', () => this.#alive(() => this.lab.enable('storage'))],
      ['enable raft', () => this.#alive(() => this.lab.enable('raft'))],
      ['let in', () => this.#letIn()],
      ['promote', () => this.#promote()],
      ['remove', () => this.#remove()],
    ];
    return this.#pick(actions)!;
  }

  #begin(name: string, action: () => Promise<unknown>): void {
    const work = action().then(
      () => void this.done.set(name, (this.done.get(name) ?? 0) + 1),
      (error: unknown) => {
        const isAnswer = isCaissonError(error) && error.code !== 'INTERNAL';
        if (!isAnswer) this.surprises.push(`${name}: ${String(error)}`);
      },
    );
    this.#pending.add(work);
    void work.then(() => this.#pending.delete(work));
  }

  #write(step: number): void {
    const [key, value] = [`k${step}`, `value ${step}`];
    this.written.set(key, value);
    this.#begin('write', () => this.lab.write(key, value));
  }

  async #rotate(purpose: 'storage' | 'raft'): Promise<void> {
    await this.#alive(async () => this.lab.rotate(purpose));
  }

  /** A call to a process that ends is never answered. */
  async #alive(work: () => Promise<unknown>): Promise<boolean> {
    const silence = this.lab.clock.sleep(SILENCE_MS).then(() => false);
    return Promise.race([work().then(() => true), silence]);
  }

  /** Ends in order or not, and starts again: one more epoch to register. */
  async #restart(): Promise<void> {
    const node = this.#pick(this.#members().filter(({ isUp, name }) => isUp && !this.#busy.has(name)));
    if (node === undefined || this.#busy.size > 0) return;
    this.#busy.add(node.name);
    if (this.#random.integer(2) === 0) node.kill();
    else await node.stop();
    await this.lab.clock.sleep(this.#random.integer(300));
    await this.#start(node);
    this.#busy.delete(node.name);
  }

  async #transfer(): Promise<void> {
    const { engine, group } = await this.lab.led();
    const target = this.#pick(group.status().members.filter(({ role }) => role === 'voter'));
    await this.#alive(() => engine.transferLeadership(1, target!.name));
  }

  /** Somebody new, or somebody whose disks are gone under an old name. */
  async #letIn(): Promise<void> {
    const { engine, group } = await this.lab.led();
    // Who is still to become a member by an order of before must not lose the disks it is counted with.
    if (!(await this.#alive(() => group.readBarrier('linearizable')))) return;
    const members = group.status().members.map(({ name }) => name);
    const taken = this.#keepsDisks ? this.lab.nodes.map(({ name }) => name) : members;
    const name = this.#pick(NAMES.filter((each) => !taken.includes(each) && !this.#busy.has(each)));
    if (name === undefined) return;
    this.#busy.add(name);
    const node = this.lab.renew(name);
    await this.#start(node);
    const stated = { name, address: node.address, clientAddress: `${name}:8000` };
    await this.#alive(() => engine.changeMembership(1, { kind: 'addLearner', ...stated })).finally(() =>
      this.#busy.delete(name),
    );
  }

  async #promote(): Promise<void> {
    const { engine, group } = await this.lab.led();
    const learner = this.#pick(group.status().members.filter(({ role }) => role === 'learner'));
    if (learner === undefined) return;
    await this.#alive(() => engine.changeMembership(1, { kind: 'promote', name: learner.name }));
  }

  async #remove(): Promise<void> {
    const { engine, group } = await this.lab.led();
    const { members } = group.status();
    const voters = members.filter(({ role }) => role === 'voter').length;
    const goes = this.#pick(members.filter(({ role }) => role === 'learner' || voters > FEWEST));
    if (goes === undefined) return;
    await this.#alive(() => engine.changeMembership(1, { kind: 'remove', name: goes.name }));
  }

  async #start(node: LabNode): Promise<void> {
    if (!node.isDown) return;
    await this.#alive(() => node.start());
  }

  #members(): readonly LabNode[] {
    const { leader, nodes } = this.lab;
    const names = leader?.group.status().members.map(({ name }) => name);
    return nodes.filter(({ name }) => names === undefined || names.includes(name));
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from.length === 0 ? undefined : from[this.#random.integer(from.length)];
  }
}

test.each([
  ...[1, 2, 3, 4, 5, 6].map((seed) => [2, seed] as const),
  ...[7, 8, 9].map((seed) => [1, seed] as const),
])(
  'under envelope %i, race %i stops nobody, loses nothing and repeats no nonce',
  async (envelopeVersion, seed) => {
    // Every other cluster has its keys and its cutovers still before it.
    const birth = seed % 2 === 0 ? 'encrypted' : 'clear';
    const lab = await Lab.of(3, { birth, envelopeVersion, seed });
    race = new Race(lab, seed, envelopeVersion === 1);
    await race.run();
    const members = await race.calm();
    expect(race.surprises).toEqual([]);
    expect(lab.lines.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(lab.nodes.map(({ name, fatal }) => [name, fatal])).toEqual(
      lab.nodes.map(({ name }) => [name, undefined]),
    );
    const [first, ...others] = await Promise.all(members.map((node) => lab.rows(node)));
    for (const other of others) expect(other).toEqual(first);
    expect(await lab.pairs(await lab.led())).toEqual(
      new Map([...race.written].sort(([a], [b]) => (a < b ? -1 : 1))),
    );
    expect(lab.ledger.repeats).toEqual([]);
    await lab.write('last', 'word');
  },
);
