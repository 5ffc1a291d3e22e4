import type { Anomaly, CycleKind } from './anomaly.js';
import { type Hop, shortestWay, tangles } from './cycles.js';
import { dependencies, DEPENDENCY, type Graph } from './dependencies.js';
import { type ListOrder, ListOrders } from './list-orders.js';
import { describeTransaction, type Transaction } from './transaction.js';

const { realtime, rw, wr, ww } = DEPENDENCY;
/** One wrong read can tangle everything behind it: more stories would tell nothing more. */
const STORIES_MAX = 8;
const ATTEMPTS_MAX = 300;

const WHY: Readonly<Record<number, string>> = {
  [ww]: 'appends to it before',
  [wr]: 'is seen in it by',
  [rw]: 'does not see in it yet what is appended by',
  [realtime]: 'is answered before the call of',
};

/**
 * What keeps transactions on lists from having happened one after the other, each at some moment between its
 * call and its answer; nothing, if they may have.
 *
 * The longest read of a list gives its order, and with it who came before whom. Nothing is searched for, so
 * it takes time in proportion to the history, and never gives up: without an anomaly there is such an order.
 */
export function judgeTransactions(history: readonly Transaction[]): readonly Anomaly[] {
  const lists = new ListOrders(history);
  const orders = lists.orders();
  const graph = dependencies(history, orders, (transaction) => lists.isThere(transaction));
  const knots = tangles(graph, ww | wr | rw | realtime).slice(0, STORIES_MAX);
  const cycles = knots.map((knot) => new Knot(graph, knot).cycle());
  return [
    ...lists.anomalies.slice(0, STORIES_MAX),
    ...cycles.map(({ hops, kind }) => ({ kind, story: tell(history, orders, { graph, hops }) })),
  ];
}

interface Cycle {
  readonly kind: CycleKind | `${CycleKind}-realtime`;
  readonly hops: readonly Hop[];
}

/** Transactions that all come before each other. */
class Knot {
  readonly #graph: Graph;
  readonly #among: ReadonlySet<number>;

  constructor(graph: Graph, nodes: readonly number[]) {
    this.#graph = graph;
    this.#among = new Set(nodes);
  }

  /** The plainest of its cycles: what is wrong with fewer kinds of dependencies is more wrong. */
  cycle(): Cycle {
    return this.#within(0) ?? this.#within(realtime)!;
  }

  #within(time: number): Cycle | undefined {
    const named = (kind: CycleKind, hops: readonly Hop[] | undefined): Cycle | undefined =>
      hops && { kind: time === 0 ? kind : `${kind}-realtime`, hops };
    return (
      named('G0', this.#any(ww | time)) ??
      named('G1c', this.#any(ww | wr | time)) ??
      named('G-single', this.#overOne(ww | wr | time)) ??
      named('G2', this.#any(ww | wr | rw | time))
    );
  }

  /** A short cycle of these kinds. */
  #any(kinds: number): readonly Hop[] | undefined {
    const knot = tangles(this.#graph, kinds, this.#among)[0];
    if (knot === undefined) return undefined;
    const among = new Set(knot);
    const ways = knot.slice(0, ATTEMPTS_MAX >> 3).map((node) => {
      return shortestWay(this.#graph, [node, node], { kinds, among })!;
    });
    return ways.reduce((a, b) => (b.length < a.length ? b : a));
  }

  /** A cycle of these kinds and of one edge from a read to what was written over it. */
  #overOne(kinds: number): readonly Hop[] | undefined {
    const { starts, targets } = this.#graph;
    let attempts = 0;
    for (const from of this.#among) {
      for (let edge = starts[from]!; edge < starts[from + 1]!; edge++) {
        const target = targets[edge]!;
        if (this.#graph.kinds[edge] !== rw || !this.#among.has(target)) continue;
        const back = shortestWay(this.#graph, [target, from], { kinds, among: this.#among });
        if (back !== undefined) return [{ from, edge }, ...back];
        if (++attempts > ATTEMPTS_MAX) return undefined;
      }
    }
    return undefined;
  }
}

function tell(
  history: readonly Transaction[],
  orders: readonly ListOrder[],
  { graph, hops }: { readonly graph: Graph; readonly hops: readonly Hop[] },
): string {
  const names = new Map(hops.map(({ from }, at) => [from, `T${at + 1}`]));
  const who = [...names].map(([at, name]) => `  ${name}: ${describeTransaction(history[at]!)}`);
  const why = hops.map(({ edge, from }) => {
    const list = orders[graph.lists[edge]!]?.key;
    const about = list === undefined ? '' : `${list}: `;
    const target = names.get(graph.targets[edge]!)!;
    return `  ${about}${names.get(from)!} ${WHY[graph.kinds[edge]!]!} ${target}`;
  });
  return ['each of these comes before itself', ...who, ...why].join('\n');
}
