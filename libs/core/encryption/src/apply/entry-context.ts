import { equalBytes } from '@caisson/base';
import { CaissonError, type ReadableStore } from '@caisson/contracts';
import type { WrappedKey } from '@caisson/formats';
import type { NodeKeys } from '../node/node-keys.js';
import type { GroupState } from '../state/group-state.js';
import type { KeyStateAuthority } from '../state/key-state-mac.js';
import { readMembership } from '../state/read-state.js';
import type { WriterRegistry } from '../writers/writer-registry.js';

/** Everything an encryption entry is decided from. `state` and `store` are as of the entry before. */
export interface EntryContext {
  readonly group: number;
  readonly term: number;
  readonly index: number;
  readonly clusterId: Uint8Array;
  readonly state: GroupState;
  readonly store: ReadableStore;
  readonly registry: WriterRegistry;
  readonly keys: NodeKeys;
  readonly authority: KeyStateAuthority;
}

/** What a wire-2 entry says about the moment its leader looked. */
export interface PolledMoment {
  readonly confIndex: number;
  readonly stateIndex: number;
}

export function foreignCluster(clusterId: Uint8Array, context: EntryContext): CaissonError | undefined {
  if (equalBytes(clusterId, context.clusterId)) return undefined;
  return new CaissonError('CLUSTER_MISMATCH', { group: context.group, index: context.index });
}

/** Keys or members moved between the leader's look and this entry: it has to look again. */
export async function stale(moment: PolledMoment, context: EntryContext): Promise<CaissonError | undefined> {
  const stateIndex = context.state.keys.stateIndex;
  if (moment.stateIndex !== stateIndex) {
    return new CaissonError('STATE_STALE', { entry: moment.stateIndex, keyState: stateIndex });
  }
  const confIndex = await currentConfIndex(context.store);
  if (moment.confIndex === confIndex) return undefined;
  return new CaissonError('STATE_STALE', { entry: moment.confIndex, membership: confIndex });
}

/** Index of the membership in force; 0 before genesis. */
export async function currentConfIndex(store: ReadableStore): Promise<number> {
  return (await readMembership(store))?.index ?? 0;
}

export function invalid(field: string, problem: string): CaissonError {
  return new CaissonError('INVALID_ARGUMENT', { field, problem });
}

export type NewKey = Omit<WrappedKey, 'check'> & { readonly check: Uint8Array | undefined };
