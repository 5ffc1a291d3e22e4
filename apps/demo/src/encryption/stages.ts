import { setTimeout as sleep } from 'node:timers/promises';
import type { Operator } from './operator.js';
import type { SearchReport } from './live-search.js';

/** What all stages work with. */
export interface StageContext {
  readonly operator: Operator;
  /** Keys that were active before they were rotated out. */
  firstKeys: readonly number[];
}

export interface Stage {
  readonly name: string;
  /** What happens and why, in a sentence or two. */
  readonly prose: string;
  carryOut(context: StageContext): Promise<unknown>;
  /** What a search over the disks must come to afterwards. */
  readonly promise: DiskPromise;
}

export interface DiskPromise {
  readonly inWords: string;
  isKept(report: SearchReport): boolean;
}

/** Nearly all: the last lines may be in a buffer still. */
const READABLE_SHARE = 0.9;

const readable: DiskPromise = {
  inWords: 'readable, as expected',
  isKept: ({ found, needles }) => found >= needles * READABLE_SHARE,
};
const noneInStores: DiskPromise = {
  inWords: 'none left in the stores; the logs come next',
  isKept: ({ areas }) => (areas.stores ?? 0) === 0,
};
const none: DiskPromise = { inWords: 'nothing to find', isKept: ({ found }) => found === 0 };

const rewrite = ({ operator }: StageContext) =>
  operator.order('encryption', 'rewrite', '--all', '--wait', '--rate', '0');

/** The way of a cluster from clear to sealed, and through one whole life of its keys. */
export const STAGES: readonly Stage[] = [
  {
    name: 'clear',
    prose:
      'Three nodes without encryption. What clients write stands on three disks, twice: in store and log.',
    carryOut: () => sleep(0),
    promise: readable,
  },
  {
    name: 'capability',
    prose:
      'A KEK goes into the configuration of every node, one restart after the other. Each proves that it holds the same one, and still writes clear.',
    carryOut: async ({ operator }) => {
      await operator.equip();
      await operator.order('encryption', 'enable-storage-envelope', '--dry-run');
    },
    promise: readable,
  },
  {
    name: 'storage cutover',
    prose:
      'The first two data keys are made, and values are sealed from one entry on. What is older stays as it is.',
    carryOut: ({ operator }) => operator.order('encryption', 'enable-storage-envelope'),
    promise: { inWords: 'what is older is still there', isKept: () => true },
  },
  {
    name: 'rewrite',
    prose:
      'Every node seals its older values, and then merges its files, so that no replaced byte stays behind.',
    carryOut: rewrite,
    promise: noneInStores,
  },
  {
    name: 'Raft cutover',
    prose:
      'Log entries are sealed from one entry on. The order ends when every member has dropped the clear ones and freed its files.',
    carryOut: ({ operator }) => operator.order('encryption', 'enable-raft-envelope'),
    promise: none,
  },
  {
    name: 'rotation',
    prose: 'Both data keys are replaced. Nothing waits, and what the first ones sealed stays readable.',
    carryOut: async (context) => void (context.firstKeys = await context.operator.rotate()),
    promise: none,
  },
  {
    name: 'KEK rotation',
    prose:
      'A second KEK is added, takes over, and the file of the first is deleted. No node is restarted, no value touched.',
    carryOut: ({ operator }) => operator.replaceKek(),
    promise: none,
  },
  {
    name: 'rewrite again',
    prose: 'Every value under the first key moves to the second one.',
    carryOut: rewrite,
    promise: none,
  },
  {
    name: 'retirement',
    prose:
      'Every member counts what it has under the first keys: nothing. They are suspended, and then erased for good.',
    carryOut: ({ operator, firstKeys }) => operator.retire(firstKeys),
    promise: none,
  },
];
