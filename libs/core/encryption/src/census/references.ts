import type { KeyReferences } from '@caisson/contracts';
import type { GroupSession } from '../node/group-session.js';
import type { NodeKeys } from '../node/node-keys.js';
import { decodeRewriteCursor, REWRITE_CURSOR_KEY } from '../rewrite/rewrite-cursor.js';
import { readAppliedIndex } from '../state/read-state.js';
import { countUnder, type Turns } from './values-under.js';

export interface ReferencesParts {
  readonly session: GroupSession;
  readonly keys: Pick<NodeKeys, 'book' | 'keystore'>;
  readonly clock: Turns;
}

const NOTHING = Object.freeze({ values: 0, intents: 0, unreadable: 0, isCursorTarget: false, leases: [] });

/** What this node has under one key in one group, but for how far its log reaches back. */
export async function keyReferences(
  { session, keys, clock }: ReferencesParts,
  keyId: number,
  signal?: AbortSignal,
): Promise<Omit<KeyReferences, 'logStart'>> {
  const { current } = session.state;
  const record = current.keys.keys.find((key) => key.keyId === keyId);
  const recorded = keys.book.content?.keys.get(keyId);
  const purpose = record?.purpose ?? recorded?.purpose;
  const isHeld = recorded !== undefined || keys.keystore.get(keyId) !== undefined;
  const isRetired = current.keys.retiredIds.includes(keyId);
  const said = {
    purpose,
    state: record?.state ?? (isRetired ? 'retired' : 'unknown'),
    stateIndex: current.keys.stateIndex,
    isHeld,
    lastUse: purpose === 'storage' ? 0 : session.lastUse(keyId),
  } as const;
  // No value is ever under a Raft DEK, and what is under a retired key is for its erasure to find.
  if (purpose === 'raft' || isRetired) {
    return { ...NOTHING, ...said, applied: await readAppliedIndex(session.store) };
  }
  return { ...said, ...(await counted(session, keyId, clock, signal)) };
}

async function counted(session: GroupSession, keyId: number, clock: Turns, signal: AbortSignal | undefined) {
  // Before the leases: nothing is sealed under the key any more, so that what is read from a later moment
  // holds nothing that is not counted here.
  const view = session.storedView();
  try {
    const leases = await session.leases.under(keyId, clock, signal);
    const applied = await readAppliedIndex(view);
    const counts = await countUnder({ view, clock }, keyId, signal);
    return { ...counts, applied, leases, isCursorTarget: await isCursorTarget(session, keyId) };
  } finally {
    await view.close();
  }
}

/** A row of a run that did not come to its end. */
async function isCursorTarget(session: GroupSession, keyId: number): Promise<boolean> {
  const row = await session.stored(REWRITE_CURSOR_KEY);
  const cursor = row === undefined ? undefined : decodeRewriteCursor(row);
  return cursor !== undefined && cursor.finishedAt === undefined && cursor.target.keyId === keyId;
}
