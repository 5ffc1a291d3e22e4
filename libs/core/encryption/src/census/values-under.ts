import type { Clock, ReadView } from '@caisson/contracts';
import { TABLE } from '@caisson/formats';
import { storedKind, storedValues } from './stored-values.js';

/** Gives other work its turn between pages. */
export type Turns = Pick<Clock, 'turn'>;

export interface ValuesUnder {
  readonly values: number;
  readonly intents: number;
  /** Of which nobody can tell the key. */
  readonly unreadable: number;
}

/** Reads every stored value once, without opening any. */
export async function countUnder(
  { view, clock }: { readonly view: ReadView; readonly clock: Turns },
  keyId: number,
  signal?: AbortSignal,
): Promise<ValuesUnder> {
  const counts = { values: 0, intents: 0, unreadable: 0 };
  for await (const page of storedValues(view)) {
    signal?.throwIfAborted();
    for (const { key, value } of page) {
      const found = storedKind(value);
      if (found.kind === 'unreadable') counts.unreadable++;
      if (found.kind === 'sealed' && found.keyId === keyId)
        counts[key[0] === TABLE.locks ? 'intents' : 'values']++;
    }
    await clock.turn();
  }
  return counts;
}
