import { CaissonError, type ErrorDetails, isCaissonError, type StateProof } from '@caisson/contracts';
import type { KeyRecord, SidecarGroup, SidecarKey } from '@caisson/formats';
import { CipherRegistry } from '../envelope/cipher-registry.js';
import { recordMac } from '../keys/authentication.js';
import { Keystore } from '../keys/keystore.js';
import type { NodeEncryptionParts } from '../node/encryption-config.js';
import { guardCollisions, type OpenedGroup } from '../node/group-guards.js';
import type { NodeKeys } from '../node/node-keys.js';
import { epochAfterLoss } from '../node/restore-sidecar.js';
import { isSameKey, type SidecarChange } from '../sidecar/sidecar-merge.js';
import { sidecarGroup, sidecarKey } from '../sidecar/sidecar-records.js';
import { isBootstrapped } from '../state/group-state.js';
import { verifyKeyState } from '../state/key-state-mac.js';
import { readLastCommitTs, requireCluster } from '../state/read-state.js';

/** A received state that may be adopted, with what this node has to write down before it depends on it. */
export interface JudgedState {
  /** Its DEKs, apart from those in use until it is adopted. */
  readonly keystore: Keystore;
  /** Absent for a state without keys. */
  readonly change: SidecarChange | undefined;
}

/**
 * Decides whether a state that came from elsewhere may replace the one of this node. Changes nothing. Without
 * a proof, for a state that was judged with one before a crash, everything but the proof is asked again.
 */
export async function judgeState(
  node: { readonly parts: NodeEncryptionParts; readonly keys: NodeKeys },
  group: OpenedGroup,
  proof: StateProof | undefined,
  signal?: AbortSignal,
): Promise<JudgedState> {
  const { parts, keys } = node;
  await requireCluster(group.store, parts.directory.identity.clusterId, group.id);
  const keystore = new Keystore(parts.hashes, new CipherRegistry(parts.ciphers));
  if (!isBootstrapped(group.state)) {
    await refuseWithoutKeys(node, group, proof);
    return { keystore, change: undefined };
  }
  requireEncryption(node);
  refuseConflicts(keys, group);
  try {
    for (const record of unretired(group)) {
      const dek = await keys.unwrap(record, signal);
      keystore.set({ ...record, dek }, record.check);
    }
    const { clusterId } = parts.directory.identity;
    verifyKeyState(group.state.keys, { hashes: parts.hashes, keystore, clusterId }, group.id);
    if (proof !== undefined) verifyProof(parts, keystore, group, proof);
    refuseStepBack(keys.book.content?.groups.get(group.id), group);
    await guardCollisions(keys, group);
    return { keystore, change: sidecarChange(keys, group) };
  } catch (error) {
    keystore.erase();
    throw error;
  }
}

/** Rows that do not decode, or a key state that was edited, are damage of what was received, not of ours. */
export function asInvalid(error: unknown, group: number): unknown {
  if (!isCaissonError(error, 'CORRUPTION')) return error;
  return new CaissonError('SNAPSHOT_INVALID', { ...error.details, group }, { cause: error });
}

async function refuseWithoutKeys(
  { parts, keys }: { readonly parts: NodeEncryptionParts; readonly keys: NodeKeys },
  { id, store }: OpenedGroup,
  proof: StateProof | undefined,
): Promise<void> {
  if (proof !== undefined && proof.mac.length > 0) throw invalid(id, 'is authenticated and has no keys');
  if (keys.book.content?.groups.has(id) === true) throw invalid(id, 'has lost the keys of its group');
  const isBornEncrypted = parts.directory.identity.birth === 'encrypted';
  if (isBornEncrypted && (await readLastCommitTs(store)) > 0n) throw invalid(id, 'has commits and no keys');
}

function requireEncryption({ parts, keys }: { parts: NodeEncryptionParts; keys: NodeKeys }): void {
  if (keys.ring.isEmpty) throw new CaissonError('KEK_NOT_CONFIGURED');
  if (!parts.config.enabled) throw new CaissonError('ENCRYPTION_NOT_ENABLED');
}

/** Before anything is unwrapped: a known id must stand for the key it has always stood for. */
function refuseConflicts(keys: NodeKeys, { id, state }: OpenedGroup): void {
  for (const record of state.keys.keys) {
    const known = keys.book.content?.keys.get(record.keyId);
    if (known === undefined || isSameKey(known, record)) continue;
    throw new CaissonError('KEY_CONFLICT', { group: id, keyId: record.keyId });
  }
}

function verifyProof(
  { hashes, directory }: NodeEncryptionParts,
  keystore: Keystore,
  { id, state }: OpenedGroup,
  { parts, mac }: StateProof,
): void {
  const { clusterId } = directory.identity;
  const held = keystore.find(state.keys.macKeyId, 'storage');
  const expected = held && recordMac({ hashes, clusterId, dek: held.dek }, 'keyState', ...parts);
  if (expected === undefined || !hashes.equal(expected, mac)) {
    throw invalid(id, 'does not authenticate', { field: 'mac' });
  }
}

/** What this node has recorded of the group cannot be undone by an older state, however genuine. */
function refuseStepBack(recorded: SidecarGroup | undefined, { id, state }: OpenedGroup): void {
  if (recorded === undefined) return;
  const { stateIndex, storageCutoverIndex, raftCutoverIndex } = state.keys;
  if (stateIndex < recorded.raftAppliedIndex) {
    throw invalid(id, 'is older than the keys of this node', {
      stateIndex,
      known: recorded.raftAppliedIndex,
    });
  }
  const cutovers = [
    [recorded.storageEnvelopeCutoverIndex, storageCutoverIndex],
    [recorded.raftEnvelopeCutoverIndex, raftCutoverIndex],
  ] as const;
  for (const [sidecar, snapshot] of cutovers) {
    if (sidecar === 0 || sidecar === snapshot) continue;
    throw new CaissonError('ENVELOPE_CUTOVER_DIVERGENCE', { group: id, sidecar, snapshot });
  }
}

/**
 * The union: own epochs stay, a key that is new here begins above what the registry knows of this node, and
 * an epoch the leader registered for this node is taken over.
 */
function sidecarChange(keys: NodeKeys, group: OpenedGroup): SidecarChange {
  const { keys: state, ownEpochs } = group.state;
  const content = keys.book.content;
  const records = unretired(group);
  const fresh = new Map<number, SidecarKey>();
  for (const record of records.filter(({ keyId }) => content?.keys.has(keyId) !== true)) {
    const epoch = epochAfterLoss(group.state, record.keyId);
    // One more is taken when sealing begins.
    if (epoch >= keys.epochMax)
      throw new CaissonError('LOCAL_EPOCH_EXHAUSTED', { keyId: record.keyId, epoch });
    fresh.set(record.keyId, sidecarKey(record, keys.nowMs(), epoch));
  }
  const epochs = new Map([...ownEpochs].filter(([keyId]) => !fresh.has(keyId)));
  const groups = new Map([[group.id, sidecarGroup(state)]]);
  const isNews = (content?.groups.get(group.id)?.raftAppliedIndex ?? 0) < state.stateIndex;
  if (!isNews) return { keys: fresh, groups, epochs };
  const decided = records.map(
    ({ keyId, state: of, container }) => [keyId, { state: of, wrapped: container }] as const,
  );
  for (const keyId of state.retiredIds) {
    const known = content?.keys.get(keyId);
    if (known !== undefined) decided.push([keyId, { state: 'retired', wrapped: known.wrapped }]);
  }
  return { keys: fresh, groups, epochs, records: new Map(decided) };
}

function unretired({ state }: OpenedGroup): readonly KeyRecord[] {
  return state.keys.keys.filter((key) => key.state !== 'retired');
}

function invalid(group: number, problem: string, details: ErrorDetails = {}): CaissonError {
  return new CaissonError('SNAPSHOT_INVALID', { group, problem, ...details });
}
