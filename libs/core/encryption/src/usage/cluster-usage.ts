import type { KeyUsage, UsageRow } from '@caisson/formats';

const NONE: KeyUsage = Object.freeze({ messages: 0, blocks: 0 });

/** What all nodes together have claimed under each key, as of the last written batch of one group. */
export class ClusterUsage {
  static readonly empty = new ClusterUsage(new Map());
  readonly #rows: ReadonlyMap<number, ReadonlyMap<bigint, KeyUsage>>;
  readonly #totals: ReadonlyMap<number, KeyUsage>;

  private constructor(rows: ReadonlyMap<number, ReadonlyMap<bigint, KeyUsage>>) {
    this.#rows = rows;
    this.#totals = new Map([...rows].map(([dekId, byNode]) => [dekId, sum([...byNode.values()])]));
  }

  static of(rows: ReadonlyMap<number, readonly UsageRow[]>): ClusterUsage {
    const byKey = [...rows].map(([dekId, ofKey]) => [dekId, new Map(ofKey.map(entryOf))] as const);
    return new ClusterUsage(new Map(byKey));
  }

  of(dekId: number, fullNodeId: bigint): KeyUsage {
    return this.#rows.get(dekId)?.get(fullNodeId) ?? NONE;
  }

  /** Over all nodes, removed ones included: what they sealed is still there. */
  total(dekId: number): KeyUsage {
    return this.#totals.get(dekId) ?? NONE;
  }

  with(dekId: number, row: UsageRow): ClusterUsage {
    const byNode = new Map(this.#rows.get(dekId)).set(row.fullNodeId, row);
    return new ClusterUsage(new Map(this.#rows).set(dekId, byNode));
  }

  without(dekId: number): ClusterUsage {
    if (!this.#rows.has(dekId)) return this;
    return new ClusterUsage(new Map([...this.#rows].filter(([id]) => id !== dekId)));
  }
}

function entryOf({ fullNodeId, messages, blocks }: UsageRow): readonly [bigint, KeyUsage] {
  return [fullNodeId, { messages, blocks }];
}

function sum(usages: readonly KeyUsage[]): KeyUsage {
  return usages.reduce(
    (all, { messages, blocks }) => ({ messages: all.messages + messages, blocks: all.blocks + blocks }),
    NONE,
  );
}
