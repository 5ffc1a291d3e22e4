/** What a client did to one key. Values are unique within a history; a key that is not there has none. */
export type Action =
  | { readonly kind: 'read'; readonly saw: string | undefined }
  | { readonly kind: 'write'; readonly value: string | undefined }
  /** Writes only where it finds what it expects; `held` says whether it did. */
  | {
      readonly kind: 'swap';
      readonly expected: string | undefined;
      readonly value: string;
      readonly held: boolean;
    };

/**
 * A call, from the moment it was made to the moment its answer was known. A call whose outcome nobody ever
 * learnt ends at `Infinity`: it happened at some time after it was made, or never.
 */
export interface Operation {
  readonly client: string;
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly action: Action;
}

/** One line for a report. */
export function describeOperation({ client, calledAt, answeredAt, action }: Operation): string {
  const span = `${calledAt}–${answeredAt === Infinity ? '?' : answeredAt}`;
  return `${span.padStart(15)} ${client} ${describeAction(action)}`;
}

function describeAction(action: Action): string {
  switch (action.kind) {
    case 'read':
      return `reads ${action.saw ?? 'nothing'}`;
    case 'write':
      return action.value === undefined ? 'deletes it' : `writes ${action.value}`;
    case 'swap':
      return `${action.held ? 'swaps' : 'fails to swap'} ${action.expected ?? 'nothing'} for ${action.value}`;
  }
}
