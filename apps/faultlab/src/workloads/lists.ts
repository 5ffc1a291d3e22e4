import { toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { describeTransaction, type ListAction, type Transaction } from '@caisson/simulator';
import { type Beginning, type Calls, heldBy } from './calls.js';
import { Rotation, type Workload } from './workload.js';

const LISTS = 5;
const TURNS_PER_LIST = 40;
const LISTS_PER_TURN_MAX = 4;

interface Reading {
  readonly beginning: Beginning;
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/**
 * Transactions that read one to four lists at one moment, and append to some of them if none has changed
 * since. What was read at that moment is a transaction by itself: all of it was true between the call for the
 * moment and its answer, however long reading took.
 */
export class ListTransactions implements Workload {
  readonly history: Transaction[] = [];
  readonly #calls: Calls;
  readonly #random: SeededRandom;
  readonly #names = new Rotation('l', LISTS, TURNS_PER_LIST);
  readonly #known = new Set<string>();
  #count = 0;

  constructor(calls: Calls, random: SeededRandom) {
    this.#calls = calls;
    this.#random = random;
  }

  async turn(client: string): Promise<void> {
    const names = this.#pick();
    const reading = await this.#read(client, names);
    if (reading === undefined || this.#random.integer(4) === 0) return;
    const written = names.filter((_, at) => at === 0 || this.#random.integer(2) === 0);
    await this.#append(client, reading, written);
  }

  /** Everything at one moment, through one node. */
  async readAll(node: string): Promise<boolean> {
    return (await this.#read('last', [...this.#known], node)) !== undefined;
  }

  async #read(client: string, names: readonly string[], node?: string): Promise<Reading | undefined> {
    // A moment that has not come yet is the leader's to give.
    const beginning = await this.#calls.begin(node && this.#calls.cluster.leader?.name);
    if (beginning === undefined) return undefined;
    const lists = new Map<string, readonly string[]>();
    for (const name of names) {
      const found = await this.#calls.readAt(name, beginning.startTs, node);
      if (found === undefined) return undefined;
      lists.set(name, elementsOf(found.saw));
    }
    const { answeredAt, calledAt } = beginning;
    const actions = [...lists].map(([key, saw]): ListAction => ({ kind: 'read', key, saw }));
    this.#note({ client, calledAt, answeredAt, outcome: 'committed', actions });
    return { beginning, lists };
  }

  async #append(client: string, { beginning, lists }: Reading, written: readonly string[]): Promise<void> {
    const element = `${client}.${++this.#count}`;
    const calledAt = this.#calls.now;
    const request = {
      mutations: written.map((name) => {
        const text = `${this.#calls.mark}${[...lists.get(name)!, element].join(' ')}`;
        return { op: 'put', key: toUtf8(name), value: toUtf8(text) } as const;
      }),
      requestId: this.#calls.requestId(),
      startTs: beginning.startTs,
      readKeys: [...lists.keys()].map(toUtf8),
    };
    const held = heldBy(await this.#calls.write(request, calledAt));
    const outcome = held === undefined ? 'unknown' : held ? 'committed' : 'refused';
    const actions = [
      ...[...lists].map(([key, saw]): ListAction => ({ kind: 'read', key, saw })),
      ...written.map((key): ListAction => ({ kind: 'append', key, element })),
    ];
    const answeredAt = held === undefined ? Infinity : this.#calls.now;
    this.#note({ client, calledAt, answeredAt, outcome, actions });
  }

  #pick(): readonly string[] {
    const slots = Array.from({ length: LISTS }, (_, slot) => slot);
    const count = 1 + this.#random.integer(LISTS_PER_TURN_MAX);
    const picked = Array.from({ length: count }, () => {
      return this.#names.use(slots.splice(this.#random.integer(slots.length), 1)[0]!);
    });
    for (const name of picked) this.#known.add(name);
    return picked;
  }

  #note(transaction: Transaction): void {
    this.history.push(transaction);
    this.#calls.cluster.trace.note('transaction', describeTransaction(transaction));
  }
}

/** A list as it is stored: a mark, then its elements. */
function elementsOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return text.slice(text.indexOf(':') + 1).split(' ');
}
