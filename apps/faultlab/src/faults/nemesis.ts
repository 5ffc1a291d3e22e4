import { isCaissonError } from '@caisson/contracts';
import { CALM } from '@caisson/simulator';
import type { StormCluster } from '../cluster/cluster.js';
import type { KvHabits } from '../cluster/habits.js';
import { causes } from '../cluster/logger.js';
import type { Machine } from '../cluster/machine.js';
import { mustRefuseKeys } from '../oracles/refusals.js';
import { Cells } from './cells.js';
import type { Scene } from './family.js';
import { describeFault, type Fault, idOf, isRelief, performFault } from './fault.js';
import { describeTrigger, type Trigger } from './moment.js';

const AT_ONCE: ReadonlySet<Fault['kind']> = new Set(['crash', 'powerLoss', 'crashLoop', 'pause']);

type Life = NonNullable<Machine['process']>['life'];

/** Something that happened to the cluster, or came of it. */
export interface Word {
  readonly atMs: number;
  readonly text: string;
  /** Set for a fault itself. */
  readonly kind?: Fault['kind'];
}

/** Does to a cluster what it is told, and hears what comes of it. */
export class Nemesis implements Scene {
  readonly story: Word[] = [];
  readonly cluster: StormCluster;
  readonly habits: KvHabits;
  readonly doomed = new Set<Life>();
  readonly cells: Cells;
  readonly #effective = new Map<string, number>();
  readonly #ids = new Map<string, number>();
  #pending = 0;

  constructor(cluster: StormCluster, habits: KvHabits) {
    this.cluster = cluster;
    this.habits = habits;
    this.cells = new Cells(cluster);
  }

  get isWaiting(): boolean {
    return this.#pending > 0;
  }

  /** How often each kind of fault changed anything; relief does not count. */
  effective(): Readonly<Record<string, number>> {
    const crashes = [...this.doomed].filter(({ isOver }) => isOver).length;
    return { ...Object.fromEntries(this.#effective), ...(crashes > 0 && { crashAtCall: crashes }) };
  }

  /** The same by their ids in the catalogue. */
  byId(): Readonly<Record<string, number>> {
    const crashes = [...this.doomed].filter(({ isOver }) => isOver).length;
    return { ...Object.fromEntries(this.#ids), ...(crashes > 0 && { P5: crashes }) };
  }

  /** Performs one fault, at once or at the moment that it waits for. */
  perform(fault: Fault, when?: Trigger): void {
    if (when === undefined) return this.#perform(fault);
    this.tell(`armed: ${describeFault(fault)} ${describeTrigger(when)}`);
    // In the middle of a call a process can end or hang; everything else reaches it between two steps.
    const isAtOnce = AT_ONCE.has(fault.kind);
    const perform = () => (isAtOnce ? this.#perform(fault) : queueMicrotask(() => this.#perform(fault)));
    this.cluster.moments.arm(when, perform);
  }

  readonly start = (machine: Machine): void => {
    const starting = machine.start();
    const { process } = machine;
    const { findings, keys } = this.cluster;
    if (machine.equipment.hasOtherKey && keys.all.length === 1) mustRefuseKeys(machine, findings);
    // A process that does not come up is gone, like any that ends.
    starting.catch(() => process?.life.end());
    this.watch(machine, 'start', starting);
  };

  /** Nothing ends in the middle of things any more, all links work, and everybody is well. */
  calm(): void {
    const { cluster } = this;
    cluster.isCalm = true;
    cluster.moments.disarm();
    cluster.network.weather = CALM;
    cluster.network.healAll();
    cluster.keys.calm();
    this.habits.calm();
    for (const { disk, equipment, process } of cluster.machines) {
      disk.platter.troubles.lift();
      equipment.time.calm();
      equipment.hasOtherKey = false;
      process?.life.endAt(Infinity, 'before');
      process?.life.slow(undefined);
      process?.life.resume();
    }
  }

  /** What becomes of work on a machine. What failed for the storm's sake is no surprise. */
  readonly watch = ({ name, process }: Machine, what: string, work: Promise<unknown>): void => {
    this.#pending++;
    this.cells.begins(what);
    const ended = (process?.life.ended ?? Promise.resolve()).then(() => 'it ended meanwhile');
    const done = work.then(
      () => 'done',
      (error: unknown) => this.#excuse(`${what} at ${name}`, error),
    );
    this.cluster.recorder?.ordered(name, what, Promise.race([done, ended]));
    void Promise.race([done, ended]).then((end) => {
      this.#pending--;
      this.cells.ends(what);
      this.tell(`${what} at ${name}: ${end}`);
    });
  };

  readonly tell = (text: string, kind?: Fault['kind']): void => {
    this.cluster.trace.note('word', text);
    this.story.push({ atMs: this.cluster.clock.monotonicMs(), text, ...(kind !== undefined && { kind }) });
  };

  readonly hadEffect = (fault: Fault): void => {
    const [{ kind }, id] = [fault, idOf(fault)];
    this.#effective.set(kind, (this.#effective.get(kind) ?? 0) + 1);
    this.#ids.set(id, (this.#ids.get(id) ?? 0) + 1);
  };

  #perform(fault: Fault): void {
    const { kind } = fault;
    const cell = this.cells.cellOf(fault);
    this.tell(describeFault(fault), kind);
    if (!performFault(fault, this) || isRelief(fault) || kind === 'crashAtCall') return;
    this.hadEffect(fault);
    this.cells.count(cell);
  }

  #excuse(what: string, error: unknown): string {
    const isExpected = isCaissonError(error) && error.code !== 'INTERNAL';
    if (!isExpected) this.cluster.findings.add('L5', `${what}:${causes(error)}`);
    this.cluster.ears.hear('an error', causes(error));
    return isExpected ? error.message.slice(0, 100) : 'a surprise';
  }
}
