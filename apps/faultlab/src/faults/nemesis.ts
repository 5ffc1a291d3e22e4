import { isCaissonError } from '@caisson/contracts';
import { CALM, type Life, ROUGH } from '@caisson/simulator';
import type { StormCluster } from '../cluster/cluster.js';
import { causes } from '../cluster/logger.js';
import type { Machine } from '../cluster/machine.js';
import { describeFault, type Fault, isRelief } from './fault.js';

type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;
type Order = Of<'addLearner' | 'promote' | 'remove'>;

/** Something that happened to the cluster, or came of it. */
export interface Word {
  readonly atMs: number;
  readonly text: string;
  /** Set for a fault itself. */
  readonly kind?: Fault['kind'];
}

/** Does to a cluster what it is told, and hears what comes of it. */
export class Nemesis {
  readonly story: Word[] = [];
  readonly #cluster: StormCluster;
  readonly #effective = new Map<Fault['kind'], number>();
  /** Processes that are to end at a call, and have not been ended by anything else. */
  readonly #doomed = new Set<Life>();
  #isRough = false;
  #pending = 0;

  constructor(cluster: StormCluster) {
    this.#cluster = cluster;
  }

  get isWaiting(): boolean {
    return this.#pending > 0;
  }

  /** How often each kind of fault changed anything; relief does not count. */
  effective(): Readonly<Record<string, number>> {
    const crashes = [...this.#doomed].filter(({ isOver }) => isOver).length;
    return { ...Object.fromEntries(this.#effective), ...(crashes > 0 && { crashAtCall: crashes }) };
  }

  /** Performs one fault; a fault whose object is not there, or not running, does nothing. */
  perform(fault: Fault): void {
    const { kind } = fault;
    this.#tell(describeFault(fault), kind);
    if (!this.#did(fault) || isRelief(fault) || kind === 'crashAtCall') return;
    this.#effective.set(kind, (this.#effective.get(kind) ?? 0) + 1);
  }

  start(machine: Machine): void {
    const starting = machine.start();
    this.#watch(machine, 'start', starting);
  }

  /** Nothing ends in the middle of things any more, and all links work. */
  calm(): void {
    this.#cluster.network.weather = CALM;
    this.#cluster.network.healAll();
    for (const { process } of this.#cluster.machines) process?.life.endAt(Infinity, 'before');
  }

  /** Whether it changed anything. */
  #did(fault: Fault): boolean {
    switch (fault.kind) {
      case 'crash':
        return this.#crash(this.#cluster.find(fault.node));
      case 'crashAtCall':
        return this.#doom(fault);
      case 'powerLoss':
        return this.#cluster.machines.filter((machine) => this.#crash(machine)).length > 0;
      case 'stop':
        return this.#stop(this.#cluster.find(fault.node));
      case 'start':
        return this.#restart(this.#cluster.find(fault.node));
      case 'cut':
        return fault.links.filter(([from, to]) => this.#cut(from, to)).length > 0;
      case 'heal':
        this.#cluster.network.healAll();
        return true;
      case 'weather':
        return this.#blow(fault);
      case 'transfer':
        return this.#transfer(fault);
      default:
        return this.#order(fault);
    }
  }

  #crash(machine: Machine | undefined): boolean {
    const life = machine?.process?.life;
    if (life === undefined || life.isOver) return false;
    this.#doomed.delete(life);
    life.end();
    return true;
  }

  #doom({ calls, moment, node }: Of<'crashAtCall'>): boolean {
    const life = this.#cluster.find(node)?.process?.life;
    if (life === undefined) return false;
    life.endAt(calls, moment);
    this.#doomed.add(life);
    return true;
  }

  #stop(machine: Machine | undefined): boolean {
    if (machine?.process === undefined || !machine.isUp) return false;
    this.#doomed.delete(machine.process.life);
    this.#watch(machine, 'stop', machine.stop());
    return true;
  }

  #restart(machine: Machine | undefined): boolean {
    if (machine === undefined || machine.process !== undefined) return false;
    this.start(machine);
    return true;
  }

  #cut(from: string, to: string): boolean {
    const [source, target] = [this.#cluster.find(from), this.#cluster.find(to)];
    if (source === undefined || target === undefined) return false;
    const { network } = this.#cluster;
    if (network.link(source.address, target.address).isCut) return false;
    network.cut(source.address, target.address);
    return true;
  }

  #blow({ weather }: Of<'weather'>): boolean {
    const isRough = weather === 'rough';
    const isChange = isRough !== this.#isRough;
    this.#isRough = isRough;
    this.#cluster.network.weather = isRough ? ROUGH : CALM;
    return isChange;
  }

  #transfer({ to }: Of<'transfer'>): boolean {
    const { leader } = this.#cluster;
    if (leader === undefined) return false;
    this.#watch(leader, `transfer to ${to}`, leader.engine.transferLeadership(1, to));
    return leader.name !== to;
  }

  #order({ kind, node }: Order): boolean {
    const { leader } = this.#cluster;
    if (leader === undefined) return false;
    const { engine } = leader;
    if (kind !== 'addLearner') {
      this.#watch(leader, `${kind} ${node}`, engine.changeMembership(1, { kind, name: node }));
      return true;
    }
    const fresh = this.#cluster.find(node) ?? this.#cluster.addMachine(node);
    if (fresh.process === undefined) this.start(fresh);
    const { address, name } = fresh;
    const change = { kind, name, address, clientAddress: `${name}:8000` };
    this.#watch(leader, `${kind} ${node}`, engine.changeMembership(1, change));
    return true;
  }

  /** What becomes of work on a machine. What failed for the storm's sake is no surprise. */
  #watch({ name, process }: Machine, what: string, work: Promise<unknown>): void {
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

  #excuse(what: string, error: unknown): string {
    const isExpected = isCaissonError(error) && error.code !== 'INTERNAL';
    if (!isExpected) this.#cluster.findings.add('L5', `${what}:${causes(error)}`);
    return isExpected ? error.message.slice(0, 100) : 'a surprise';
  }

  #tell(text: string, kind?: Fault['kind']): void {
    this.#cluster.trace.note('word', text);
    this.story.push({ atMs: this.#cluster.clock.monotonicMs(), text, ...(kind !== undefined && { kind }) });
  }
}
