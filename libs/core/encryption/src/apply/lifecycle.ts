import { CaissonError } from '@caisson/contracts';
import type { CutoverProgress, KeyPurpose, KeyState, LifecycleEntry, WriterClaim } from '@caisson/formats';
import { authenticate } from '../state/key-state-mac.js';
import { isBootstrapped } from '../state/group-state.js';
import { readLastCommitTs } from '../state/read-state.js';
import { sidecarGroup } from '../sidecar/sidecar-records.js';
import { decideClaims } from './claims.js';
import { CONSUMED, type Decision, refuse } from './decision.js';
import { type EntryContext, foreignCluster, invalid, stale } from './entry-context.js';
import { decideRetirement, isRetirement } from './retirement.js';
import { decideRewrap } from './rewrap.js';
import { decideRotation } from './rotation.js';
import { decideSealedMode } from './sealed-mode.js';

/** Which key an enabling entry names, and the proposer's claim under it, in both wires. */
interface Enabling {
  readonly keyId: number;
  readonly purpose: KeyPurpose;
  readonly proposer: WriterClaim;
}

/**
 * What is done to keys after their making. What this build does not know halts, because a node that skipped
 * it would differ from one that did not.
 */
export async function decideLifecycle(entry: LifecycleEntry, context: EntryContext): Promise<Decision> {
  if (entry.sub === 'rotate') return decideRotation(entry, context);
  if (entry.sub === 'rewrap' && entry.wire === 2) return decideRewrap(entry, context);
  if (entry.wire === 2 && isRetirement(entry)) return decideRetirement(entry, context);
  if (entry.sub === 'enableStorageEnvelope') return decideEnabling(entry, 'storage', context);
  if (entry.sub === 'enableRaftEnvelope') return decideEnabling(entry, 'raft', context);
  if (entry.sub === 'sealModeOn' && entry.wire === 2) return decideSealedMode(entry, context);
  const { group, index } = context;
  throw new CaissonError('ENCRYPTION_APPLY', {
    group,
    index,
    sub: entry.sub,
    reason: 'not known to this build',
  });
}

async function decideEnabling(
  entry: LifecycleEntry,
  purpose: KeyPurpose,
  context: EntryContext,
): Promise<Decision> {
  const consumed = await repeatOrStale(entry, purpose, context);
  if (consumed !== undefined) return consumed;
  const enabling = enablingOf(entry);
  const problem = problemOfKey(enabling, purpose, context);
  if (problem !== undefined) return refuse(problem);
  const decided = await decideClaims([enabling.proposer], context.registry, context.state);
  if (decided.kind !== 'accepted') return decided;
  const keys = await enabledState(purpose, context);
  const groups = new Map([[context.group, sidecarGroup(keys)]]);
  const progress: CutoverProgress = { term: context.term, sealedSeen: false };
  const effects = { kind: 'effects', claims: decided.claims, keys, sidecar: { groups } } as const;
  return purpose === 'raft' ? { ...effects, progress } : effects;
}

/**
 * Stale and repeated entries change nothing. For the Raft envelope a repeat is recognised first, for the
 * storage envelope staleness is: what the proposer of a late repeat hears differs, the outcome does not.
 */
async function repeatOrStale(
  entry: LifecycleEntry,
  purpose: KeyPurpose,
  context: EntryContext,
): Promise<Decision | undefined> {
  const { keys } = context.state;
  const foreign = entry.wire === 2 ? foreignCluster(entry.clusterId, context) : undefined;
  if (foreign !== undefined) return refuse(foreign);
  if (!isBootstrapped(context.state)) return refuse(new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED'));
  if (purpose === 'raft' && keys.raftEnvelopeActive) return CONSUMED;
  const old = entry.wire === 2 ? await stale(entry, context) : undefined;
  if (old !== undefined) return refuse(old);
  return purpose === 'storage' && keys.storageEnvelopeActive ? CONSUMED : undefined;
}

function enablingOf(entry: LifecycleEntry): Enabling {
  if (entry.wire === 1) return entry;
  const { keyId, purpose } = entry.keys[0]!;
  const { fullNodeId, epoch } = entry;
  return { keyId, purpose, proposer: { dekId: keyId, fullNodeId, epoch } };
}

function problemOfKey(
  { keyId, purpose, proposer }: Enabling,
  expected: KeyPurpose,
  { state }: EntryContext,
): CaissonError | undefined {
  if (purpose !== expected) return invalid('purpose', `is ${purpose}`);
  if (proposer.dekId !== keyId) return invalid('proposer', 'claims another key');
  const active = expected === 'storage' ? state.keys.activeStorage : state.keys.activeRaft;
  if (keyId === active) return undefined;
  const known = state.keys.keys.find((key) => key.keyId === keyId);
  if (known === undefined || known.state === 'retired') return new CaissonError('KEY_RETIRED', { keyId });
  return new CaissonError('STATE_STALE', { keyId, active });
}

async function enabledState(purpose: KeyPurpose, context: EntryContext): Promise<KeyState> {
  const { index } = context;
  const flags =
    purpose === 'storage'
      ? {
          storageEnvelopeActive: true,
          storageCutoverIndex: index,
          storageCutoverTs: await readLastCommitTs(context.store),
        }
      : { raftEnvelopeActive: true, raftCutoverIndex: index };
  return authenticate({ ...context.state.keys, ...flags, stateIndex: index }, context.authority);
}
