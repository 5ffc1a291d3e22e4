import { equalBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { BootstrapEntry, KeyRecord, KeyState, SidecarKey } from '@caisson/formats';
import { authenticate } from '../state/key-state-mac.js';
import { isBootstrapped } from '../state/group-state.js';
import { sidecarGroup, sidecarKey } from '../sidecar/sidecar-records.js';
import { decideClaims } from './claims.js';
import { type AcceptedClaim, CONSUMED, type Decision, refuse } from './decision.js';
import { type EntryContext, foreignCluster, invalid, type NewKey, stale } from './entry-context.js';

/**
 * The first two DEKs of a group.
 *
 * Refusals come first and from replicated state alone, so that replicas with and without a KEK decide alike.
 * Only an entry that will be applied unwraps anything: no KEK is `KEK_NOT_CONFIGURED`, a wrong one
 * `KEK_MISMATCH`, and both halt.
 */
export async function decideBootstrap(entry: BootstrapEntry, context: EntryContext): Promise<Decision> {
  const incoming = incomingKeys(entry, context.clusterId);
  const refusal = await refusalOf(entry, incoming, context);
  if (refusal !== undefined) return refusal;
  const decided = await decideClaims(entry.writers, context.registry, context.state);
  if (decided.kind !== 'accepted') return decided;
  const records = await holdKeys(incoming, context);
  const keys = firstState(records, context);
  const epochs = ownEpochs(decided.claims, context.keys.seals.fullNodeId);
  const created = context.keys.nowMs();
  const sidecarKeys = new Map<number, SidecarKey>(
    records.map((record) => [record.keyId, sidecarKey(record, created, epochs.get(record.keyId) ?? 0)]),
  );
  const groups = new Map([[context.group, sidecarGroup(keys)]]);
  return { kind: 'effects', claims: decided.claims, keys, sidecar: { keys: sidecarKeys, groups, epochs } };
}

function incomingKeys(entry: BootstrapEntry, clusterId: Uint8Array): readonly NewKey[] {
  if (entry.wire === 2) return [entry.storage, entry.raft];
  const { storage, raft } = entry;
  const bare = { originId: clusterId, check: undefined };
  return [
    { ...bare, keyId: storage.keyId, purpose: 'storage', container: storage.wrapped },
    { ...bare, keyId: raft.keyId, purpose: 'raft', container: raft.wrapped },
  ];
}

async function refusalOf(
  entry: BootstrapEntry,
  incoming: readonly NewKey[],
  context: EntryContext,
): Promise<Decision | undefined> {
  const foreign = entry.wire === 2 ? foreignCluster(entry.clusterId, context) : undefined;
  if (foreign !== undefined) return refuse(foreign);
  if (isBootstrapped(context.state)) {
    const isRepeat = incoming.every((key) => isActive(key, context.state.keys));
    return isRepeat ? CONSUMED : refuse(new CaissonError('ENCRYPTION_ALREADY_BOOTSTRAPPED'));
  }
  const old = entry.wire === 2 ? await stale(entry, context) : undefined;
  const problem = old ?? problemOfKeys(incoming, context) ?? problemOfWriters(entry);
  return problem === undefined ? undefined : refuse(problem);
}

function isActive(key: NewKey, state: KeyState): boolean {
  const active = key.purpose === 'storage' ? state.activeStorage : state.activeRaft;
  const record = state.keys.find(({ keyId }) => keyId === key.keyId);
  return active === key.keyId && record !== undefined && equalBytes(record.container, key.container);
}

function problemOfKeys(incoming: readonly NewKey[], context: EntryContext): CaissonError | undefined {
  const ids = incoming.map(({ keyId }) => keyId);
  if (ids.includes(0) || new Set(ids).size !== ids.length) return invalid('keyId', 'zero or repeated');
  const retired = ids.find((keyId) => context.state.keys.retiredIds.includes(keyId));
  if (retired !== undefined) return new CaissonError('KEY_RETIRED', { keyId: retired });
  const foreign = incoming.find(({ originId }) => !equalBytes(originId, context.clusterId));
  return foreign === undefined ? undefined : invalid('originId', 'not this cluster');
}

function problemOfWriters({ writers, storage, raft }: BootstrapEntry): CaissonError | undefined {
  const stranger = writers.find(({ dekId }) => dekId !== storage.keyId && dekId !== raft.keyId);
  return stranger === undefined ? undefined : invalid('writers', 'name a key that the entry does not bring');
}

/** Unwraps every key and holds it, so that from here on whatever is sealed under it opens. */
async function holdKeys(incoming: readonly NewKey[], { keys }: EntryContext): Promise<readonly KeyRecord[]> {
  const records: KeyRecord[] = [];
  for (const key of incoming) {
    const dek = await keys.unwrap(key);
    const { check } = keys.keystore.set({ ...key, dek }, key.check);
    records.push({ ...key, check, state: 'active' });
  }
  return records.sort((a, b) => a.keyId - b.keyId);
}

function firstState(records: readonly KeyRecord[], context: EntryContext): KeyState {
  const idOf = (purpose: KeyRecord['purpose']) => records.find((record) => record.purpose === purpose)!.keyId;
  const { keys } = context.state;
  const state = {
    ...keys,
    stateIndex: context.index,
    activeStorage: idOf('storage'),
    activeRaft: idOf('raft'),
    keys: records,
    macKeyId: idOf('storage'),
  };
  return authenticate(state, context.authority);
}

function ownEpochs(claims: readonly AcceptedClaim[], fullNodeId: bigint): ReadonlyMap<number, number> {
  const own = claims.filter(({ claim }) => claim.fullNodeId === fullNodeId);
  return new Map(own.map(({ claim }) => [claim.dekId, claim.epoch]));
}
