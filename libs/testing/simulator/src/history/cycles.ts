import type { Graph } from './dependencies.js';

/** One step of a way through a graph: an edge, by its number, and where it begins. */
export interface Hop {
  readonly from: number;
  readonly edge: number;
}

const UNSEEN = -1;

/**
 * Sets of nodes that all reach each other over edges of the given kinds, two nodes or more in each. By
 * Tarjan's way of finding them, without recursion: histories are long.
 */
export function tangles(graph: Graph, kinds: number, among?: ReadonlySet<number>): readonly number[][] {
  const order = new Int32Array(graph.nodes).fill(UNSEEN);
  const lowest = new Int32Array(graph.nodes);
  const cursor = graph.starts.slice(0, graph.nodes);
  const isOpen = new Uint8Array(graph.nodes);
  const found: number[][] = [];
  const open: number[] = [];
  let count = 0;

  const enter = (node: number, path: number[]): void => {
    order[node] = lowest[node] = count++;
    isOpen[node] = 1;
    open.push(node);
    path.push(node);
  };
  /** Goes to the next node that was not met yet, if the edges of this one lead to any. */
  const advance = (node: number, path: number[]): boolean => {
    while (cursor[node]! < graph.starts[node + 1]!) {
      const edge = cursor[node]!++;
      const target = graph.targets[edge]!;
      if ((graph.kinds[edge]! & kinds) === 0 || among?.has(target) === false) continue;
      if (order[target] === UNSEEN) {
        enter(target, path);
        return true;
      }
      if (isOpen[target] === 1) lowest[node] = Math.min(lowest[node]!, order[target]!);
    }
    return false;
  };
  const close = (node: number): void => {
    const tangle = open.splice(open.lastIndexOf(node));
    for (const each of tangle) isOpen[each] = 0;
    if (tangle.length > 1) found.push(tangle);
  };

  for (const root of among ?? graph.starts.keys()) {
    if (root >= graph.nodes || order[root] !== UNSEEN) continue;
    const path: number[] = [];
    enter(root, path);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      if (advance(node, path)) continue;
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
      if (lowest[node] === order[node]) close(node);
    }
  }
  return found;
}

/** A shortest way from one node to another over edges of the given kinds, if there is one. */
export function shortestWay(
  graph: Graph,
  [from, to]: readonly [number, number],
  { among, kinds }: { readonly kinds: number; readonly among: ReadonlySet<number> },
): readonly Hop[] | undefined {
  const by = new Map<number, Hop>();
  let border = [from];
  while (border.length > 0) {
    const next: number[] = [];
    for (const hop of border.flatMap((node) => hopsFrom(graph, node))) {
      const target = graph.targets[hop.edge]!;
      if ((graph.kinds[hop.edge]! & kinds) === 0 || !among.has(target) || by.has(target)) continue;
      by.set(target, hop);
      if (target === to) return wayBack(by, from, to);
      next.push(target);
    }
    border = next;
  }
  return undefined;
}

function hopsFrom({ starts }: Graph, from: number): readonly Hop[] {
  const [first, end] = [starts[from]!, starts[from + 1]!];
  return Array.from({ length: end - first }, (_, at) => ({ from, edge: first + at }));
}

function wayBack(by: ReadonlyMap<number, Hop>, from: number, to: number): readonly Hop[] {
  const way: Hop[] = [];
  for (let node = to; way.length === 0 || node !== from; node = way[0]!.from) way.unshift(by.get(node)!);
  return way;
}
