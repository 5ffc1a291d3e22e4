/** The messages of `caisson.v1.Encryption` and the orders of `KeyLifecycleService`, in each other's terms. */
import {
  CaissonError,
  type DekPurpose,
  type KekCheck,
  type KeyLifecycleStatus,
  type KeyProgress,
  type NodeKeks,
  type RewriteOrder,
  type RewriteProgress,
  type RotateOrder,
} from '@caisson/contracts';
import { encryptionProto } from '@caisson/formats';
import { toCount } from '../cluster/cluster-messages.js';
import { encryptionStatus } from '../node-status.js';

const { KeyPurpose, KeyStep, RewriteAction } = encryptionProto;

const STEPS: Record<KeyProgress['step'], encryptionProto.KeyStep> = {
  asking: KeyStep.KEY_STEP_ASKING,
  bootstrapping: KeyStep.KEY_STEP_BOOTSTRAPPING,
  rotating: KeyStep.KEY_STEP_ROTATING,
  rewrapping: KeyStep.KEY_STEP_REWRAPPING,
  holding: KeyStep.KEY_STEP_HOLDING,
  enabling: KeyStep.KEY_STEP_ENABLING,
  scrubbing: KeyStep.KEY_STEP_SCRUBBING,
  counting: KeyStep.KEY_STEP_COUNTING,
  suspending: KeyStep.KEY_STEP_SUSPENDING,
  resuming: KeyStep.KEY_STEP_RESUMING,
  retiring: KeyStep.KEY_STEP_RETIRING,
  erasing: KeyStep.KEY_STEP_ERASING,
  registering: KeyStep.KEY_STEP_REGISTERING,
  done: KeyStep.KEY_STEP_DONE,
  sealing: KeyStep.KEY_STEP_SEALING,
};

export function fromKeyStatus(status: KeyLifecycleStatus): encryptionProto.KeyStatusResponse {
  return {
    node: status.node,
    encryption: encryptionStatus(status),
    groups: status.groups.map((keys) => ({
      group: BigInt(keys.group),
      activeStorageKey: keys.activeStorageKey,
      activeRaftKey: keys.activeRaftKey,
      leads: keys.leads,
      leader: keys.leader ?? '',
      sealedModeIndex: BigInt(keys.sealedModeIndex ?? 0),
    })),
  };
}

export function fromKekCheck({ error, ...check }: KekCheck): encryptionProto.KekCheck {
  return { ...check, error: error ?? '' };
}

export function fromNodeKeks({ node, keks }: NodeKeks): encryptionProto.ListKeksResponse {
  return {
    node,
    keks: keks.map(({ openedMsAgo, failure, version: _, ...kek }) => ({
      ...kek,
      openedMsAgo: openedMsAgo === undefined ? undefined : BigInt(openedMsAgo),
      failure: failure ?? '',
    })),
  };
}

export function fromKeyProgress(progress: KeyProgress): encryptionProto.KeyProgress {
  const { group, step, members = [], keyId = 0, planned = false, scrubs = [], blockers = [] } = progress;
  const about = { group: BigInt(group), step: STEPS[step], keyId, planned };
  return {
    ...about,
    members: [...members],
    scrubs: [...scrubs],
    blockers: blockers.map(({ count, ...blocker }) => ({
      ...blocker,
      count: count === undefined ? undefined : BigInt(count),
    })),
  };
}

export function toRotateOrder({ purpose, from, dryRun }: encryptionProto.RotateRequest): RotateOrder {
  return { purpose: toPurpose(purpose), dryRun, ...(from.length > 0 && { from }) };
}

function toPurpose(purpose: encryptionProto.KeyPurpose): DekPurpose {
  if (purpose === KeyPurpose.KEY_PURPOSE_STORAGE) return 'storage';
  if (purpose === KeyPurpose.KEY_PURPOSE_RAFT) return 'raft';
  throw new CaissonError('INVALID_ARGUMENT', { field: 'purpose', limit: 'storage or raft' });
}

export function toRewriteOrder(request: encryptionProto.RewriteRequest): RewriteOrder {
  const { action, bytesPerSecond, finishByMs } = request;
  const limit = bytesPerSecond === undefined ? undefined : toCount(bytesPerSecond, 'bytes_per_second');
  const finishBy = finishByMs === undefined ? undefined : toCount(finishByMs, 'finish_by_ms');
  return {
    action: toAction(action),
    ...(limit !== undefined && { bytesPerSecond: limit }),
    ...(finishBy !== undefined && { finishBy }),
  };
}

export function fromRewriteProgress(progress: RewriteProgress): encryptionProto.RewriteProgress {
  const { group, state, keyId = 0, done, total, bytesPerSecond, remainingMs, error = '' } = progress;
  return {
    group: BigInt(group),
    state,
    keyId,
    done: BigInt(done),
    total: BigInt(total),
    bytesPerSecond: BigInt(bytesPerSecond),
    remainingMs: remainingMs === undefined ? undefined : BigInt(remainingMs),
    error,
  };
}

function toAction(action: encryptionProto.RewriteAction): RewriteOrder['action'] {
  if (action === RewriteAction.REWRITE_ACTION_START) return 'start';
  if (action === RewriteAction.REWRITE_ACTION_LOOK) return 'look';
  if (action === RewriteAction.REWRITE_ACTION_CANCEL) return 'cancel';
  throw new CaissonError('INVALID_ARGUMENT', { field: 'action', limit: 'start, look or cancel' });
}
