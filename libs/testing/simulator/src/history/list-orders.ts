import type { Anomaly, AnomalyKind } from './anomaly.js';
import { describeTransaction, type ListAction, type Transaction } from './transaction.js';

/** A read of a list as others left it: without what its own transaction had appended before. */
export interface OuterRead {
  readonly reader: number;
  /** How many elements it saw. */
  readonly length: number;
}

/** One list, in the order that its longest read gives. Transactions are numbers in the history. */
export interface ListOrder {
  readonly key: string;
  readonly elements: readonly string[];
  /** Who appended each of the elements. */
  readonly writers: readonly number[];
  /** Who appended what no read has: behind all others, nobody knows in which order. */
  readonly unseen: readonly number[];
  readonly reads: readonly OuterRead[];
}

interface Origin {
  readonly writer: number;
  /** Whether its transaction appended nothing more to the list. */
  readonly isLast: boolean;
}

interface List {
  readonly key: string;
  readonly origins: Map<string, Origin>;
  readonly reads: { readonly reader: number; readonly saw: readonly string[] }[];
  longest: readonly string[];
}

/** Puts each list into its order, and finds what is wrong with reads by themselves. */
export class ListOrders {
  readonly anomalies: Anomaly[] = [];
  readonly #history: readonly Transaction[];
  readonly #lists = new Map<string, List>();
  /** Whether a transaction had its effect; an unknown one has once somebody sees it. */
  readonly #isThere: boolean[];

  constructor(history: readonly Transaction[]) {
    this.#history = history;
    this.#isThere = history.map(({ outcome }) => outcome === 'committed');
    for (const [writer, { actions }] of history.entries()) this.#noteAppends(writer, actions);
    const open = history.flatMap(({ outcome }, at) => (outcome === 'committed' ? [at] : []));
    for (let reader = open.pop(); reader !== undefined; reader = open.pop()) {
      for (const seen of this.#noteReads(reader)) {
        if (this.#isThere[seen] === true) continue;
        this.#isThere[seen] = true;
        open.push(seen);
      }
    }
  }

  isThere(transaction: number): boolean {
    return this.#isThere[transaction]!;
  }

  /** All lists. Where reads contradict each other, the longest is believed. */
  orders(): readonly ListOrder[] {
    return [...this.#lists.values()].map((list) => this.#order(list));
  }

  #noteAppends(writer: number, actions: readonly ListAction[]): void {
    for (const [at, action] of actions.entries()) {
      if (action.kind === 'read') continue;
      const { element, key } = action;
      const isLast = !actions.some((other, of) => of > at && other.kind === 'append' && other.key === key);
      const { origins } = this.#list(key);
      if (origins.has(element)) this.#add('duplicate', `${element} is appended to ${key} twice`, writer);
      origins.set(element, { writer, isLast });
    }
  }

  /** The unknown transactions among those that it saw. */
  #noteReads(reader: number): readonly number[] {
    const { actions } = this.#history[reader]!;
    const seen: number[] = [];
    for (const [at, action] of actions.entries()) {
      if (action.kind === 'append') continue;
      const list = this.#list(action.key);
      const saw = this.#outer(reader, at, action);
      list.reads.push({ reader, saw });
      if (saw.length > list.longest.length) list.longest = saw;
      for (const element of saw) {
        const writer = list.origins.get(element)?.writer;
        if (writer !== undefined && this.#history[writer]!.outcome === 'unknown') seen.push(writer);
      }
    }
    return seen;
  }

  /** What it saw but for its own appends, which must stand at the end. */
  #outer(reader: number, at: number, { key, saw }: ListAction & { kind: 'read' }): readonly string[] {
    const { actions } = this.#history[reader]!;
    const later = actions.slice(at).filter((action) => action.kind === 'append' && action.key === key);
    if (later.some((action) => action.kind === 'append' && saw.includes(action.element)))
      this.#add('internal', `it sees in ${key} what it is still to append`, reader);
    const before = actions.slice(0, at).filter((action) => action.key === key);
    if (before.length === 0) return saw;
    const own = before.flatMap((action) => (action.kind === 'append' ? [action.element] : []));
    const outer = saw.slice(0, Math.max(0, saw.length - own.length));
    const isWhole = own.every((element, of) => saw[outer.length + of] === element);
    const first = before.find((action) => action.kind === 'read');
    const isSame = first?.kind !== 'read' || isEqual(withoutOwn(first.saw, own), outer);
    if (!isWhole) this.#add('internal', `it does not see its own appends to ${key}`, reader);
    else if (!isSame) this.#add('internal', `it reads ${key} twice, and not the same`, reader);
    return outer;
  }

  #order({ key, longest, origins, reads }: List): ListOrder {
    for (const { reader, saw } of reads) this.#judgeRead(reader, saw, { key, longest, origins });
    const elements = longest.filter((element) => origins.has(element));
    const writers = elements.map((element) => origins.get(element)!.writer);
    this.#judgeUpdates(key, writers);
    const seen = new Set(elements);
    const unseen = new Set<number>();
    for (const [element, { writer }] of origins) {
      if (seen.has(element) || !this.isThere(writer)) continue;
      unseen.add(writer);
      this.#judgeUnseen(element, writer, { key, reads });
    }
    const outer = reads.map(({ reader, saw }) => ({ reader, length: Math.min(saw.length, elements.length) }));
    return { key, elements, writers, unseen: [...unseen], reads: outer };
  }

  #judgeRead(reader: number, saw: readonly string[], list: Pick<List, 'key' | 'longest' | 'origins'>): void {
    const { key, longest, origins } = list;
    const stray = saw.findIndex((element, at) => element !== longest[at]);
    if (stray >= 0) {
      const [here, there] = [saw[stray]!, longest[stray] ?? 'nothing'];
      this.#add('incompatible-order', `${key} has ${here} where the longest read has ${there}`, reader);
    }
    // What is a beginning of the longest read has nothing that the longest has not.
    if (stray >= 0 || saw === longest) this.#judgeElements(reader, saw, list);
    const last = origins.get(saw.at(-1) ?? '');
    if (last !== undefined && !last.isLast && last.writer !== reader) {
      this.#add('G1b', `${key} is read between two appends of one transaction`, reader, last.writer);
    }
  }

  #judgeElements(reader: number, saw: readonly string[], list: Pick<List, 'key' | 'origins'>): void {
    const { key, origins } = list;
    if (new Set(saw).size < saw.length) this.#add('duplicate', `an element stands twice in ${key}`, reader);
    for (const element of saw) {
      const origin = origins.get(element);
      if (origin === undefined) {
        this.#add('unwritten', `nobody appended ${element} to ${key}`, reader);
      } else if (this.#history[origin.writer]!.outcome === 'refused') {
        this.#add('G1a', `${element} in ${key} was refused`, reader, origin.writer);
      }
    }
  }

  #judgeUpdates(key: string, writers: readonly number[]): void {
    for (const [at, writer] of writers.entries()) {
      const next = writers[at + 1];
      if (next === undefined || this.#history[writer]!.outcome !== 'refused') continue;
      if (this.#history[next]!.outcome === 'refused') continue;
      this.#add('dirty-update', `${key} was appended to behind what was refused`, next, writer);
    }
  }

  /** An element that nobody saw, though some read came after it was acknowledged. */
  #judgeUnseen(element: string, writer: number, { key, reads }: Pick<List, 'key' | 'reads'>): void {
    const { answeredAt } = this.#history[writer]!;
    const miss = reads.find(({ reader }) => this.#history[reader]!.calledAt > answeredAt);
    if (miss !== undefined) this.#add('lost-append', `${element} is not in ${key}`, writer, miss.reader);
  }

  #add(kind: AnomalyKind, text: string, ...transactions: readonly number[]): void {
    const lines = transactions.map((at) => `  ${describeTransaction(this.#history[at]!)}`);
    this.anomalies.push({ kind, story: [text, ...lines].join('\n') });
  }

  #list(key: string): List {
    const list = this.#lists.get(key) ?? { key, origins: new Map(), reads: [], longest: [] };
    this.#lists.set(key, list);
    return list;
  }
}

function withoutOwn(saw: readonly string[], own: readonly string[]): readonly string[] {
  return saw.filter((element) => !own.includes(element));
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((element, at) => element === b[at]);
}
