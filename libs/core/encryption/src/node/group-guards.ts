import { CaissonError, type OrderedStore } from '@caisson/contracts';
import { nodeId16, type SidecarGroup } from '@caisson/formats';
import { type GroupState, isBootstrapped } from '../state/group-state.js';
import { verifyKeyState } from '../state/key-state-mac.js';
import { readAppliedIndex, readLastCommitTs, readMembership, requireCluster } from '../state/read-state.js';
import type { SidecarContent } from '../sidecar/sidecar-merge.js';
import { isSameKey } from '../sidecar/sidecar-merge.js';
import type { WriterRegistry } from '../writers/writer-registry.js';
import type { NodeEncryptionParts } from './encryption-config.js';
import type { NodeKeys } from './node-keys.js';

export interface OpenedGroup {
  readonly id: number;
  readonly store: Pick<OrderedStore, 'get'>;
  readonly state: GroupState;
  readonly registry: WriterRegistry | undefined;
}

/**
 * The guards that need the group's store, in their order. They read and write nothing; whatever has to be
 * repaired by a start is repaired after all of them have passed.
 */
export async function guardGroup(
  parts: NodeEncryptionParts,
  keys: NodeKeys,
  group: OpenedGroup,
): Promise<void> {
  const { config, directory } = parts;
  await requireCluster(group.store, directory.identity.clusterId, group.id);
  if (!config.enabled) {
    if (!isBootstrapped(group.state)) return;
    throw new CaissonError('SIDECAR_PRESENT_WITHOUT_FLAG', { group: group.id, found: 'keys in the store' });
  }
  await guardCollisions(keys, group);
  const content = keys.book.content;
  if (isBootstrapped(group.state) && content !== undefined && keys.book.isFound) guardBehind(content, group);
  await guardGap(content, group, directory.identity.birth === 'encrypted');
  if (content !== undefined) guardContradiction(content, group);
}

/** Needs the group's keys held: they come from the sidecar, or from the store when there is none. */
export function guardKeyState(parts: NodeEncryptionParts, keys: NodeKeys, group: OpenedGroup): void {
  if (!isBootstrapped(group.state)) return;
  const { clusterId } = parts.directory.identity;
  verifyKeyState(group.state.keys, { hashes: parts.hashes, keystore: keys.keystore, clusterId }, group.id);
}

/**
 * Two members, or this node and a registered stranger, whose names share the 16 bits that enter the nonce.
 */
export async function guardCollisions(keys: NodeKeys, group: OpenedGroup): Promise<void> {
  const own = keys.seals.fullNodeId;
  const membership = await readMembership(group.store);
  const members =
    membership === undefined
      ? []
      : [...membership.voters, ...membership.votersOutgoing, ...membership.learners];
  const seen = new Map<number, bigint>([[nodeId16(own), own]]);
  for (const member of members) {
    const other = seen.get(nodeId16(member));
    if (other !== undefined && other !== member) throw collision(group.id, member, other);
    seen.set(nodeId16(member), member);
  }
  for (const { keyId } of group.registry === undefined ? [] : group.state.keys.keys) {
    const row = await group.registry?.row(keyId, own);
    if (row !== undefined && row.fullNodeId !== own) throw collision(group.id, own, row.fullNodeId);
  }
}

function collision(group: number, one: bigint, other: bigint): CaissonError {
  return new CaissonError('NODE_ID_COLLISION', { group, one, other });
}

/** A file that lacks what the store knows was rolled back: its epochs cannot be believed either. */
function guardBehind(content: SidecarContent, { id, state }: OpenedGroup): void {
  const recorded = content.groups.get(id);
  const missing = state.keys.keys.find(
    ({ keyId, state: of }) => of !== 'retired' && !content.keys.has(keyId),
  );
  const problem = recorded === undefined ? 'group' : behind(recorded, state);
  if (missing !== undefined || problem !== undefined) {
    const lacks = missing === undefined ? problem! : `key ${missing.keyId}`;
    throw new CaissonError('SIDECAR_BEHIND_RAFT_LOG', { group: id, lacks });
  }
  for (const [keyId, lastSeenEpoch] of state.ownEpochs) {
    const epoch = content.keys.get(keyId)?.localEpoch ?? 0;
    if (epoch < lastSeenEpoch)
      throw new CaissonError('LOCAL_EPOCH_ROLLBACK', { keyId, epoch, lastSeenEpoch });
  }
}

function behind(recorded: SidecarGroup, { keys }: GroupState): string | undefined {
  if (keys.storageEnvelopeActive && !recorded.storageEnvelopeActive) return 'the storage envelope';
  if (keys.raftEnvelopeActive && recorded.raftEnvelopeCutoverIndex === 0) return 'the Raft envelope';
  if (recorded.raftAppliedIndex < keys.stateIndex) return `key entry ${keys.stateIndex}`;
  return undefined;
}

/**
 * A key entry that was applied and that the store has lost. Above the applied index the log still holds it,
 * and replay brings it back.
 */
async function guardGap(
  content: SidecarContent | undefined,
  { id, store, state }: OpenedGroup,
  isBornEncrypted: boolean,
): Promise<void> {
  const index = content?.groups.get(id)?.raftAppliedIndex ?? 0;
  const applied = await readAppliedIndex(store);
  if (index > state.keys.stateIndex && index <= applied) {
    throw new CaissonError('SIDECAR_GAP', { group: id, index, applied, missingFrom: 'the store' });
  }
  // A node born encrypted applies no user's write before its keys: without keys there can be no commit.
  if (isBornEncrypted && !isBootstrapped(state) && (await readLastCommitTs(store)) > 0n) {
    throw new CaissonError('SIDECAR_GAP', { group: id, applied, missingFrom: 'the store' });
  }
}

function guardContradiction(content: SidecarContent, { id, state }: OpenedGroup): void {
  const recorded = content.groups.get(id);
  const { keys } = state;
  if (recorded === undefined || !isBootstrapped(state)) return;
  const sidecar = recorded.raftEnvelopeCutoverIndex;
  if (sidecar !== 0 && keys.raftCutoverIndex !== 0 && sidecar !== keys.raftCutoverIndex) {
    throw new CaissonError('ENVELOPE_CUTOVER_DIVERGENCE', {
      group: id,
      sidecar,
      store: keys.raftCutoverIndex,
    });
  }
  const foreign = keys.keys.find((key) => {
    const known = content.keys.get(key.keyId);
    return known !== undefined && !isSameKey(known, key);
  });
  if (foreign !== undefined) throw new CaissonError('KEY_CONFLICT', { group: id, keyId: foreign.keyId });
  const isSame =
    recorded.activeStorage === keys.activeStorage &&
    recorded.activeRaft === keys.activeRaft &&
    recorded.storageEnvelopeCutoverIndex === keys.storageCutoverIndex &&
    recorded.storageCutoverTs === keys.storageCutoverTs;
  if (recorded.raftAppliedIndex === keys.stateIndex && !isSame) {
    throw new CaissonError('SIDECAR_CORRUPT', { group: id, problem: 'contradicts the store' });
  }
}
