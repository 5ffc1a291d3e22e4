import { equalBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { KeyRecord, KeyState, LifecycleEntry, SidecarKey, WriterClaim } from '@caisson/formats';
import { sidecarGroup, sidecarKey } from '../sidecar/sidecar-records.js';
import { isBootstrapped } from '../state/group-state.js';
import { authenticate } from '../state/key-state-mac.js';
import { decideClaims } from './claims.js';
import { CONSUMED, type Decision, refuse } from './decision.js';
import { type EntryContext, foreignCluster, invalid, type NewKey, stale } from './entry-context.js';

const FIRST_EPOCH = 0;

/**
 * A new DEK takes over for its purpose; the one before stays readable.
 *
 * Every writer of the old key is registered for the new one in the same entry, at an epoch that none of
 * them has used: nobody waits for anybody to register. Refusals come first and from replicated state alone;
 * only an entry that will be applied unwraps anything.
 */
export async function decideRotation(entry: LifecycleEntry, context: EntryContext): Promise<Decision> {
  const incoming = incomingKey(entry, context.clusterId);
  const refusal = await refusalOf(entry, incoming, context);
  if (refusal !== undefined) return refusal;
  const writers = await context.registry.writersOf(activeOf(incoming, context.state.keys));
  const claims = writers.map(
    (fullNodeId): WriterClaim => ({ dekId: incoming.keyId, fullNodeId, epoch: FIRST_EPOCH }),
  );
  const decided = await decideClaims(claims, context.registry, context.state);
  if (decided.kind !== 'accepted') return decided;
  const dek = await context.keys.unwrap(incoming);
  const { check } = context.keys.keystore.set({ ...incoming, dek }, incoming.check);
  const record: KeyRecord = { ...incoming, check, state: 'active' };
  const keys = rotated(record, context);
  const created = context.keys.nowMs();
  const sidecar = {
    keys: new Map<number, SidecarKey>([[record.keyId, sidecarKey(record, created, FIRST_EPOCH)]]),
    groups: new Map([[context.group, sidecarGroup(keys)]]),
    records: new Map(keys.keys.map(({ keyId, state, container }) => [keyId, { state, wrapped: container }])),
  };
  return { kind: 'effects', claims: decided.claims, keys, sidecar };
}

function incomingKey(entry: LifecycleEntry, clusterId: Uint8Array): NewKey {
  if (entry.wire === 2) return entry.keys[0]!;
  const { keyId, purpose, wrapped } = entry;
  return { keyId, purpose, originId: clusterId, check: undefined, container: wrapped };
}

function activeOf({ purpose }: Pick<NewKey, 'purpose'>, keys: KeyState): number {
  return purpose === 'storage' ? keys.activeStorage : keys.activeRaft;
}

async function refusalOf(
  entry: LifecycleEntry,
  incoming: NewKey,
  context: EntryContext,
): Promise<Decision | undefined> {
  const { keys } = context.state;
  const foreign = entry.wire === 2 ? foreignCluster(entry.clusterId, context) : undefined;
  if (foreign !== undefined) return refuse(foreign);
  if (!isBootstrapped(context.state)) return refuse(new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED'));
  const known = keys.keys.find(({ keyId }) => keyId === incoming.keyId);
  // A repeat is recognised before staleness: what it wanted is in force.
  if (known !== undefined && isRepeat(incoming, known, keys)) return CONSUMED;
  const old = entry.wire === 2 ? await stale(entry, context) : undefined;
  const problem = old ?? problemOf(incoming, known, context);
  return problem === undefined ? undefined : refuse(problem);
}

function isRepeat(incoming: NewKey, known: KeyRecord, keys: KeyState): boolean {
  return known.keyId === activeOf(incoming, keys) && equalBytes(known.container, incoming.container);
}

function problemOf(
  { keyId, originId }: NewKey,
  known: KeyRecord | undefined,
  { state, clusterId }: EntryContext,
): CaissonError | undefined {
  if (keyId === 0) return invalid('keyId', 'zero');
  if (state.keys.retiredIds.includes(keyId)) return new CaissonError('KEY_RETIRED', { keyId });
  if (known !== undefined) return new CaissonError('KEY_CONFLICT', { keyId });
  return equalBytes(originId, clusterId) ? undefined : invalid('originId', 'not this cluster');
}

function rotated(record: KeyRecord, { state, index, authority }: EntryContext): KeyState {
  const before = activeOf(record, state.keys);
  const others = state.keys.keys.map(
    (key): KeyRecord => (key.keyId === before ? { ...key, state: 'retiring' } : key),
  );
  const active =
    record.purpose === 'storage'
      ? { activeStorage: record.keyId, macKeyId: record.keyId }
      : { activeRaft: record.keyId };
  const keys = [...others, record].sort((a, b) => a.keyId - b.keyId);
  return authenticate({ ...state.keys, ...active, keys, stateIndex: index }, authority);
}
