/** What a transaction did to one list. An element is appended to a list once at most, by whomever. */
export type ListAction =
  | { readonly kind: 'append'; readonly key: string; readonly element: string }
  | { readonly kind: 'read'; readonly key: string; readonly saw: readonly string[] };

/**
 * What one client did as a whole, from its call to the moment its answer was known.
 *
 * `refused` had no effect, and what it read binds nobody. What became of an `unknown` one is told by others
 * who saw its elements; if nobody did, it is as if it had never been.
 */
export interface Transaction {
  readonly client: string;
  readonly calledAt: number;
  /** `Infinity` for an unknown one. */
  readonly answeredAt: number;
  readonly outcome: 'committed' | 'refused' | 'unknown';
  /** In their order. */
  readonly actions: readonly ListAction[];
}

/** One line for a report. */
export function describeTransaction({ actions, answeredAt, calledAt, client, outcome }: Transaction): string {
  const span = `${calledAt}–${answeredAt === Infinity ? '?' : answeredAt}`;
  const did = actions.map((action) =>
    action.kind === 'append'
      ? `appends ${action.element} to ${action.key}`
      : `reads ${action.key} as [${action.saw.join(' ')}]`,
  );
  return `${span} ${client} ${did.join(', ')}${outcome === 'committed' ? '' : ` (${outcome})`}`;
}
