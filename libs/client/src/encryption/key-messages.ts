/** The messages of `caisson.v1.Encryption` in the terms of the contracts. */
import {
  CaissonError,
  ERRORS,
  type DekPurpose,
  type ErrorCode,
  type GroupKeys,
  type KekCheck,
  type KeyBlocker,
  type KeyLifecycleStatus,
  type KeyProgress,
  type MemberScrub,
  type NodeKeks,
  type RewriteOrder,
  type RewriteProgress,
} from '@caisson/contracts';
import { encryptionProto, type proto } from '@caisson/formats';

const { KeyPurpose, KeyStep, RewriteAction } = encryptionProto;

const STEPS: ReadonlyMap<encryptionProto.KeyStep, KeyProgress['step']> = new Map([
  [KeyStep.KEY_STEP_ASKING, 'asking'],
  [KeyStep.KEY_STEP_BOOTSTRAPPING, 'bootstrapping'],
  [KeyStep.KEY_STEP_ROTATING, 'rotating'],
  [KeyStep.KEY_STEP_REWRAPPING, 'rewrapping'],
  [KeyStep.KEY_STEP_HOLDING, 'holding'],
  [KeyStep.KEY_STEP_ENABLING, 'enabling'],
  [KeyStep.KEY_STEP_SCRUBBING, 'scrubbing'],
  [KeyStep.KEY_STEP_COUNTING, 'counting'],
  [KeyStep.KEY_STEP_SUSPENDING, 'suspending'],
  [KeyStep.KEY_STEP_RESUMING, 'resuming'],
  [KeyStep.KEY_STEP_RETIRING, 'retiring'],
  [KeyStep.KEY_STEP_ERASING, 'erasing'],
  [KeyStep.KEY_STEP_REGISTERING, 'registering'],
  [KeyStep.KEY_STEP_DONE, 'done'],
  [KeyStep.KEY_STEP_SEALING, 'sealing'],
]);
const STATES = ['active', 'retiring', 'suspended', 'retired'] as const;
const REWRITES = ['idle', 'counting', 'running', 'scrubbing', 'finished', 'stopped', 'failed'] as const;
const STAGES = ['waiting', 'log', 'store', 'done', 'failed'] as const;
const BLOCKERS = [
  'values',
  'intents',
  'unreadable',
  'rewrite',
  'log',
  'snapshot',
  'backup',
  'behind',
  'unreachable',
  'bytes',
] as const;
const KEK_STATES = ['enabled', 'disabled', 'pendingDeletion', 'unknown'] as const;
const RESULTS = ['opened', 'not-configured', 'not-wrapped', 'failed'] as const;

export const PURPOSES: Record<DekPurpose, encryptionProto.KeyPurpose> = {
  storage: KeyPurpose.KEY_PURPOSE_STORAGE,
  raft: KeyPurpose.KEY_PURPOSE_RAFT,
};

export const ACTIONS: Record<RewriteOrder['action'], encryptionProto.RewriteAction> = {
  start: RewriteAction.REWRITE_ACTION_START,
  look: RewriteAction.REWRITE_ACTION_LOOK,
  cancel: RewriteAction.REWRITE_ACTION_CANCEL,
};

export function toKeyStatus(message: encryptionProto.KeyStatusResponse): KeyLifecycleStatus {
  const { node, encryption, groups } = message;
  if (encryption === undefined) throw new CaissonError('MESSAGE_MALFORMED', { field: 'encryption' });
  const { enabled, bornEncrypted, envelopeVersion, fullNodeId } = encryption;
  return {
    node,
    enabled,
    birth: bornEncrypted ? 'encrypted' : 'clear',
    envelopeVersion,
    fullNodeId,
    keys: encryption.keys.map(({ keyId, localEpoch, purpose, state, values }) => ({
      keyId,
      localEpoch,
      purpose: toPurpose(purpose),
      state: oneOf(STATES, state, 'state'),
      ...(values !== undefined && { values: toCount(values) }),
    })),
    groups: groups.map((group) => toGroupKeys(group, encryption.groups)),
  };
}

export function toKekCheck({ purpose, result, error, ...check }: encryptionProto.KekCheck): KekCheck {
  return {
    ...check,
    purpose: toPurpose(purpose),
    result: oneOf(RESULTS, result, 'result'),
    ...toError(error),
  };
}

/** A state that only a newer server knows is unknown. */
export function toNodeKeks({ node, keks }: encryptionProto.ListKeksResponse): NodeKeks {
  return {
    node,
    keks: keks.map(({ state, openedMsAgo, failure, ...kek }) => ({
      ...kek,
      state: KEK_STATES.find((known) => known === state) ?? 'unknown',
      ...(openedMsAgo !== undefined && { openedMsAgo: toCount(openedMsAgo) }),
      ...(failure !== '' && { failure: toError(failure).error! }),
    })),
  };
}

export function toRewriteProgress(message: encryptionProto.RewriteProgress): RewriteProgress {
  const { keyId, remainingMs } = message;
  return {
    group: toCount(message.group),
    state: oneOf(REWRITES, message.state, 'state'),
    ...(keyId !== 0 && { keyId }),
    done: toCount(message.done),
    total: toCount(message.total),
    bytesPerSecond: toCount(message.bytesPerSecond),
    ...(remainingMs !== undefined && { remainingMs: toCount(remainingMs) }),
    ...toError(message.error),
  };
}

/** A code that only a newer server knows is `INTERNAL`. */
function toError(code: string): { readonly error?: ErrorCode } {
  if (code === '') return {};
  return { error: code in ERRORS ? (code as ErrorCode) : 'INTERNAL' };
}

/** Undefined for a step that a newer server makes and this build cannot name. */
export function toKeyProgress(message: encryptionProto.KeyProgress): KeyProgress | undefined {
  const step = STEPS.get(message.step);
  if (step === undefined) return undefined;
  const { group, members, keyId, planned, scrubs, blockers } = message;
  return {
    group: toCount(group),
    step,
    ...(members.length > 0 && { members }),
    ...(keyId !== 0 && { keyId }),
    ...(planned && { planned }),
    ...(scrubs.length > 0 && { scrubs: scrubs.map(toMemberScrub) }),
    ...(blockers.length > 0 && { blockers: blockers.map(toKeyBlocker) }),
  };
}

/** A stage that only a newer server knows is one on the way. */
function toMemberScrub({ name, stage }: encryptionProto.MemberScrub): MemberScrub {
  return { name, stage: STAGES.find((known) => known === stage) ?? 'waiting' };
}

/** What only a newer server knows still stands in the way, and says so for people. */
function toKeyBlocker({ what, count, ...blocker }: encryptionProto.KeyBlocker): KeyBlocker {
  return {
    ...blocker,
    what: BLOCKERS.find((known) => known === what) ?? 'unreachable',
    ...(count !== undefined && { count: toCount(count) }),
  };
}

function toGroupKeys(
  { group, activeStorageKey, activeRaftKey, sealedModeIndex, leads, leader }: encryptionProto.GroupKeys,
  flags: readonly proto.GroupEncryption[],
): GroupKeys {
  const found = flags.find((candidate) => candidate.group === group);
  return {
    group: toCount(group),
    activeStorageKey,
    activeRaftKey,
    ...(sealedModeIndex !== 0n && { sealedModeIndex: toCount(sealedModeIndex) }),
    leads,
    ...(leader && { leader }),
    bootstrapped: found?.bootstrapped ?? false,
    storageEnvelopeActive: found?.storageEnvelopeActive ?? false,
    storageEnvelopeCutoverIndex: toCount(found?.storageEnvelopeCutoverIndex ?? 0n),
    raftEnvelopeCutoverIndex: toCount(found?.raftEnvelopeCutoverIndex ?? 0n),
    registered: found?.registered ?? false,
  };
}

function toPurpose(text: string): DekPurpose {
  return oneOf(['storage', 'raft'], text, 'purpose');
}

function oneOf<const Text extends string>(known: readonly Text[], text: string, field: string): Text {
  const found = known.find((candidate) => candidate === text);
  if (found === undefined) throw new CaissonError('MESSAGE_MALFORMED', { field, value: text });
  return found;
}

function toCount(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new CaissonError('MESSAGE_MALFORMED', { field: 'count', value });
}
