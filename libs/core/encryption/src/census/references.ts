import type { Clock } from '@caisson/contracts';
import type { KeyPurpose } from '@caisson/formats';
import type { GroupSession } from '../node/group-session.js';
import { decodeRewriteCursor, REWRITE_CURSOR_KEY } from '../rewrite/rewrite-cursor.js';
import { readAppliedIndex } from '../state/read-state.js';
import { takeCensus, valuesUnder } from './census.js';

/**
 * What this node has under one key in one group. For a retirement every member must answer, at the key state
 * of the leader: a member that is behind seals under the keys of its own state.
 */
export interface KeyReferences {
  readonly group: number;
  readonly keyId: number;
  readonly purpose: KeyPurpose | undefined;
  /** As applied here; absent for a key this group never had. */
  readonly state: 'active' | 'retiring' | 'suspended' | 'retired' | undefined;
  /** Index of the last key entry that is applied here. */
  readonly stateIndex: number;
  /** As of which entry values were counted. */
  readonly applied: number;
  /** Versions and intents under the key. */
  readonly values: number;
  /** Values of which nobody can tell the key. */
  readonly unreadable: number;
  /**
   * Snapshots of this node above this index hold no value under the key; absent where rewriting to the active
   * key has not come to its end.
   */
  readonly cleanAfter?: number;
  /**
   * No log entry above this index is under the key, as far as this node has sealed and applied; 0 for a
   * storage key. The log must begin at or above it.
   */
  readonly lastUse: number;
}

export async function keyReferences(
  session: GroupSession,
  keyId: number,
  clock: Pick<Clock, 'turn'>,
  signal?: AbortSignal,
): Promise<KeyReferences> {
  const { keys } = session.state.current;
  const record = keys.keys.find((key) => key.keyId === keyId);
  const state = record?.state ?? (keys.retiredIds.includes(keyId) ? 'retired' : undefined);
  const key = { group: session.id, keyId, purpose: record?.purpose, state, stateIndex: keys.stateIndex };
  const lastUse = record?.purpose === 'storage' ? 0 : session.lastUse(keyId);
  if (record?.purpose === 'raft') {
    return { ...key, applied: await readAppliedIndex(session.store), values: 0, unreadable: 0, lastUse };
  }
  const census = await takeCensus(session, clock, signal);
  const cleanAfter = keyId === keys.activeStorage ? undefined : await finishedAt(session, keys.activeStorage);
  return {
    ...key,
    applied: census.applied,
    values: valuesUnder(census, keyId),
    unreadable: census.unreadable,
    ...(cleanAfter !== undefined && { cleanAfter }),
    lastUse,
  };
}

/** With the key active that everything was rewritten to, no other one has been active since. */
async function finishedAt(session: GroupSession, activeStorage: number): Promise<number | undefined> {
  const row = await session.stored(REWRITE_CURSOR_KEY);
  const cursor = row === undefined ? undefined : decodeRewriteCursor(row);
  return cursor?.target.keyId === activeStorage ? cursor.finishedAt : undefined;
}
