import { CaissonError } from '@caisson/contracts';
import {
  encodeBootstrap,
  encodeLifecycle,
  encodeRegisterWriter,
  type KeyPurpose,
  type LifecycleSub,
  type Membership,
  PURPOSE_CODE,
  type WrappedKey,
  type WriterClaim,
} from '@caisson/formats';
import { currentConfIndex } from '../apply/entry-context.js';
import type { RetirementSub } from '../apply/retirement.js';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { readMembership } from '../state/read-state.js';
import { freshKeyId, newKey } from './new-keys.js';

const ORIGIN_EPOCH = 0;

/** The group begins with the pair of the cluster. */
export async function bootstrapPayload(
  node: NodeEncryption,
  session: GroupSession,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { storage, raft } = await node.firstKeys.of(session, signal);
  const membership = await readMembership(session.store);
  return encodeBootstrap({
    wire: 2,
    clusterId: node.parts.directory.identity.clusterId,
    confIndex: membership?.index ?? 0,
    stateIndex: session.state.current.keys.stateIndex,
    storage,
    raft,
    writers: claimsOf(membership, node.keys.seals.fullNodeId, [storage.keyId, raft.keyId]),
  });
}

/** The entry after which values, or payloads, are sealed. */
export async function enablingPayload(
  node: NodeEncryption,
  session: GroupSession,
  purpose: KeyPurpose,
): Promise<Uint8Array> {
  const { keys } = session.state.current;
  const keyId = purpose === 'storage' ? keys.activeStorage : keys.activeRaft;
  const record = keys.keys.find((key) => key.keyId === keyId)!;
  return lifecyclePayload(node, session, {
    sub: purpose === 'storage' ? 'enableStorageEnvelope' : 'enableRaftEnvelope',
    proposerKey: keyId,
    keys: [{ ...record, container: new Uint8Array(0) }],
  });
}

export interface Rotation {
  readonly purpose: KeyPurpose;
  /** A DEK that has taken over in another group already; absent to make one. */
  readonly key?: WrappedKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A new DEK of the purpose; proposed, it takes over. */
export async function rotationPayload(
  node: NodeEncryption,
  session: GroupSession,
  { purpose, key: known, signal }: Rotation,
): Promise<Uint8Array> {
  const { keys } = session.state.current;
  const active = purpose === 'storage' ? keys.activeStorage : keys.activeRaft;
  if (known === undefined) await requireUnchangedKeks(node, session, signal);
  const key = known ?? (await newKey(node, freshKeyId(node, []), purpose, signal));
  return lifecyclePayload(node, session, { sub: 'rotate', proposerKey: active, keys: [key] });
}

/** Every unretired DEK wrapped anew by the providers configured now, and unwrapped through each of them. */
export async function rewrapPayload(
  node: NodeEncryption,
  session: GroupSession,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { keys } = session.state.current;
  const held = keys.keys.filter(({ state }) => state !== 'retired');
  await requireUnchangedKeks(node, session, signal);
  const rewrapped: WrappedKey[] = [];
  for (const { keyId, purpose, originId, check } of held) {
    const dek = node.keys.keystore.get(keyId)?.dek;
    if (dek === undefined) throw new CaissonError('UNKNOWN_KEY_ID', { keyId });
    const context = { originId, keyId, purpose: PURPOSE_CODE[purpose] };
    const container = await node.keys.ring.wrap(dek, context, signal);
    await node.keys.ring.verify(container, context, dek, signal);
    rewrapped.push({ keyId, purpose, originId, check, container });
  }
  return lifecyclePayload(node, session, { sub: 'rewrap', proposerKey: keys.activeRaft, keys: rewrapped });
}

/**
 * Before anything is wrapped: each provider opens the storage DEK in use, unless it was added after that DEK
 * was wrapped. A key service that answers with another key would otherwise wrap and open in good faith, and
 * no node could start again once it is mended.
 */
async function requireUnchangedKeks(
  node: NodeEncryption,
  session: GroupSession,
  signal?: AbortSignal,
): Promise<void> {
  const { keys, activeStorage } = session.state.current.keys;
  const record = keys.find(({ keyId }) => keyId === activeStorage);
  const dek = node.keys.keystore.get(activeStorage)?.dek;
  if (record === undefined || dek === undefined) return;
  const context = { originId: record.originId, keyId: record.keyId, purpose: PURPOSE_CODE.storage };
  await node.keys.ring.requireUnchanged(record.container, context, dek, signal);
}

/** The end of a key, or the step before it, or the step back. Says nothing of what still needs the key. */
export async function retirementPayload(
  node: NodeEncryption,
  session: GroupSession,
  { sub, keyId }: { readonly sub: RetirementSub; readonly keyId: number },
): Promise<Uint8Array> {
  const { keys } = session.state.current;
  const record = keys.keys.find((key) => key.keyId === keyId);
  if (record === undefined) throw new CaissonError('KEY_RETIRED', { keyId });
  const named = { ...record, container: new Uint8Array(0) };
  return lifecyclePayload(node, session, { sub, proposerKey: keys.activeRaft, keys: [named] });
}

/** From here on nothing clear is genuine. */
export function sealedModePayload(node: NodeEncryption, session: GroupSession): Promise<Uint8Array> {
  const { activeRaft } = session.state.current.keys;
  return lifecyclePayload(node, session, { sub: 'sealModeOn', proposerKey: activeRaft, keys: [] });
}

interface LifecycleOrder {
  readonly sub: LifecycleSub;
  /** Under which this node states its epoch. */
  readonly proposerKey: number;
  readonly keys: readonly WrappedKey[];
}

async function lifecyclePayload(
  node: NodeEncryption,
  session: GroupSession,
  { sub, proposerKey, keys }: LifecycleOrder,
): Promise<Uint8Array> {
  return encodeLifecycle({
    wire: 2,
    sub,
    clusterId: node.parts.directory.identity.clusterId,
    confIndex: await currentConfIndex(session.store),
    stateIndex: session.state.current.keys.stateIndex,
    fullNodeId: node.keys.seals.fullNodeId,
    epoch: node.keys.seals.sealing(proposerKey).nonces.epoch,
    keys,
  });
}

/** The claim of this process's own epoch under one DEK. */
export function registrationPayload(node: NodeEncryption, dekId: number): Uint8Array {
  const { seals } = node.keys;
  return encodeRegisterWriter({
    dekId,
    fullNodeId: seals.fullNodeId,
    epoch: seals.sealing(dekId).nonces.epoch,
  });
}

/** Every member, learners included, under both keys: new keys have seen no epoch yet. */
function claimsOf(membership: Membership | undefined, own: bigint, dekIds: readonly number[]): WriterClaim[] {
  const { voters = [], votersOutgoing = [], learners = [] } = membership ?? {};
  const members = [...new Set([...voters, ...votersOutgoing, ...learners, own])];
  return dekIds.flatMap((dekId) => members.map((fullNodeId) => ({ dekId, fullNodeId, epoch: ORIGIN_EPOCH })));
}
