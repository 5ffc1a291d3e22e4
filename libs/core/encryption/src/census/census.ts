import type { Clock, Meter, ReadView } from '@caisson/contracts';
import { decodeIndexRow, SYSTEM_KEYS } from '@caisson/formats';
import type { GroupSession } from '../node/group-session.js';
import { storedKind, storedValues } from './stored-values.js';

/** Versions and intents under one key in one envelope version. */
export interface SealedValues {
  readonly keyId: number;
  readonly version: number;
  readonly values: number;
}

/** How many values of a group are stored under which key on this node, at one moment. Exact. */
export interface Census {
  readonly group: number;
  /** Index of the last entry whose effects are counted. */
  readonly applied: number;
  readonly sealed: readonly SealedValues[];
  /** Values with a body that are not sealed. */
  readonly clear: number;
  /** Deletes, which carry nothing that could be sealed. */
  readonly tombstones: number;
  /** So damaged that their key is unknown: they may be under any. */
  readonly unreadable: number;
}

/**
 * Reads every value once, without opening any, beside whatever the group does. `clock` gives other work its
 * turn between pages.
 */
export async function takeCensus(
  session: Pick<GroupSession, 'id' | 'storedView'>,
  clock: Pick<Clock, 'turn'>,
  signal?: AbortSignal,
): Promise<Census> {
  const view = session.storedView();
  try {
    return await countValues(session.id, { view, clock }, signal);
  } finally {
    await view.close();
  }
}

export function valuesUnder({ sealed }: Census, keyId: number): number {
  return sealed.reduce((sum, each) => sum + (each.keyId === keyId ? each.values : 0), 0);
}

async function countValues(
  group: number,
  { view, clock }: { readonly view: ReadView; readonly clock: Pick<Clock, 'turn'> },
  signal?: AbortSignal,
): Promise<Census> {
  const applied = await view.get(SYSTEM_KEYS.appliedIndex);
  const sealed = new Map<string, SealedValues>();
  const others = { clear: 0, tombstone: 0, unreadable: 0 };
  for await (const page of storedValues(view)) {
    signal?.throwIfAborted();
    for (const { value } of page) {
      const found = storedKind(value);
      if (found.kind === 'sealed') countSealed(sealed, found);
      else others[found.kind]++;
    }
    await clock.turn();
  }
  return {
    group,
    applied: applied === undefined ? 0 : decodeIndexRow(applied),
    sealed: [...sealed.values()],
    clear: others.clear,
    tombstones: others.tombstone,
    unreadable: others.unreadable,
  };
}

function countSealed(
  counts: Map<string, SealedValues>,
  { keyId, version }: Omit<SealedValues, 'values'>,
): void {
  const name = `${keyId} ${version}`;
  counts.set(name, { keyId, version, values: (counts.get(name)?.values ?? 0) + 1 });
}

/** Shows counts as of the last look; keys that are known and have no value are shown with 0. */
export function reportCensus(
  meter: Meter | undefined,
  censuses: readonly Census[],
  known: readonly number[],
): void {
  const gauge = meter?.gauge({
    name: 'encryption_values_per_dek',
    help: 'Versions and intents sealed under a key on this node, as of the last count. Key 0: not sealed.',
    labels: ['key_id'],
  });
  if (gauge === undefined) return;
  const sealed = censuses.flatMap((census) => census.sealed.map(({ keyId }) => keyId));
  for (const keyId of new Set([...known, ...sealed])) {
    const values = censuses.reduce((sum, census) => sum + valuesUnder(census, keyId), 0);
    gauge.set(values, { key_id: String(keyId) });
  }
  const clear = censuses.reduce((sum, census) => sum + census.clear, 0);
  gauge.set(clear, { key_id: '0' });
}
