import type { ListOrder } from './list-orders.js';
import type { Transaction } from './transaction.js';

/** Why one transaction comes before another. Bits, so that a search can take some of them. */
export const DEPENDENCY = {
  /** Both append to a list, this one first. */
  ww: 1,
  /** The other saw what this one appended. */
  wr: 2,
  /** The other appended to what this one saw. */
  rw: 4,
  /** This one was answered before the other was called. */
  realtime: 8,
} as const;

/** Edges between transactions, by where they begin. */
export interface Graph {
  readonly nodes: number;
  /** Where the edges of a node begin among all; one more than there are nodes. */
  readonly starts: Int32Array;
  readonly targets: Int32Array;
  readonly kinds: Uint8Array;
  /** Which list an edge is about, as a number among the orders; none for real time. */
  readonly lists: Int32Array;
}

/** Every dependency that lists and time give; a chain of them stands for what follows from it. */
export function dependencies(
  history: readonly Transaction[],
  orders: readonly ListOrder[],
  isThere: (transaction: number) => boolean,
): Graph {
  const edges = new Edges();
  for (const [list, order] of orders.entries()) addList(edges, list, order);
  addTime(edges, history, isThere);
  return edges.graph(history.length);
}

class Edges {
  readonly #froms: number[] = [];
  readonly #targets: number[] = [];
  readonly #kinds: number[] = [];
  readonly #lists: number[] = [];

  add(from: number, to: number, kind: number, list = -1): void {
    if (from === to) return;
    this.#froms.push(from);
    this.#targets.push(to);
    this.#kinds.push(kind);
    this.#lists.push(list);
  }

  graph(nodes: number): Graph {
    const count = this.#froms.length;
    const starts = new Int32Array(nodes + 1);
    for (const from of this.#froms) starts[from + 1]!++;
    for (let at = 0; at < nodes; at++) starts[at + 1]! += starts[at]!;
    const next = starts.slice();
    const [targets, kinds, lists] = [new Int32Array(count), new Uint8Array(count), new Int32Array(count)];
    for (let edge = 0; edge < count; edge++) {
      const at = next[this.#froms[edge]!]!++;
      targets[at] = this.#targets[edge]!;
      kinds[at] = this.#kinds[edge]!;
      lists[at] = this.#lists[edge]!;
    }
    return { nodes, starts, targets, kinds, lists };
  }
}

function addList(edges: Edges, list: number, { reads, unseen, writers }: ListOrder): void {
  for (let at = 1; at < writers.length; at++) edges.add(writers[at - 1]!, writers[at]!, DEPENDENCY.ww, list);
  const last = writers.at(-1);
  if (last !== undefined) for (const writer of unseen) edges.add(last, writer, DEPENDENCY.ww, list);
  for (const { length, reader } of reads) {
    if (length > 0) edges.add(writers[length - 1]!, reader, DEPENDENCY.wr, list);
    // What the reader itself wrote next says nothing; what came behind that does.
    let next = length;
    while (writers[next] === reader) next++;
    if (next < writers.length) edges.add(reader, writers[next]!, DEPENDENCY.rw, list);
    else for (const writer of unseen) edges.add(reader, writer, DEPENDENCY.rw, list);
  }
}

/**
 * Only from those that nobody else stands between: whoever was answered before the call of a third one, that
 * was answered before this call, is before it by two edges.
 */
function addTime(
  edges: Edges,
  history: readonly Transaction[],
  isThere: (transaction: number) => boolean,
): void {
  const present = [...history.keys()].filter(isThere);
  const byCall = present.toSorted((a, b) => history[a]!.calledAt - history[b]!.calledAt);
  const byAnswer = present.toSorted((a, b) => history[a]!.answeredAt - history[b]!.answeredAt);
  const before = new Map<number, readonly number[]>();
  const frontier = new Set<number>();
  let answered = 0;
  for (const caller of byCall) {
    const { calledAt } = history[caller]!;
    for (; history[byAnswer[answered]!]!.answeredAt < calledAt; answered++) {
      const one = byAnswer[answered]!;
      for (const earlier of before.get(one) ?? []) frontier.delete(earlier);
      before.delete(one);
      frontier.add(one);
    }
    before.set(caller, [...frontier]);
    for (const earlier of frontier) edges.add(earlier, caller, DEPENDENCY.realtime);
  }
}
