import type { KvHabits } from '../cluster/habits.js';
import type { StormCluster } from '../cluster/cluster.js';
import type { Machine } from '../cluster/machine.js';
import type { Fate } from './fate.js';
import type { Fault } from './fault.js';

/** What a fault can lay hands on. */
export interface Scene {
  readonly cluster: StormCluster;
  readonly habits: KvHabits;
  /** Starts a process; whether it comes up is told in the story. */
  start(machine: Machine): void;
  /** Tells in the story what becomes of work on a machine. */
  watch(machine: Machine, what: string, work: Promise<unknown>): void;
  /** One more sentence of the story. */
  tell(text: string): void;
  /** Counts one more effect of a fault that showed it late. */
  hadEffect(fault: Fault): void;
  /** Processes that are to end at a call, and have not been ended by anything else. */
  readonly doomed: Set<NonNullable<Machine['process']>['life']>;
}

/** One thing that may go wrong next, and how often in relation to the others. */
export interface Draw {
  readonly weight: number;
  readonly draw: (fate: Fate) => readonly Fault[];
}

/** Faults of one kind of thing: their words, their ids in the catalogue, and what they do. */
export interface Family<F extends { readonly kind: string }> {
  readonly kinds: readonly F['kind'][];
  describe(fault: F): string;
  /** Under which id the fault stands in the catalogue, such as `N7`. */
  idOf(fault: F): string;
  /** Whether it ends harm instead of doing it; then it counts as no fault. */
  isRelief(fault: F): boolean;
  /** Whether it changed anything; a fault whose object is not there, or not running, does nothing. */
  perform(fault: F, scene: Scene): boolean;
}
