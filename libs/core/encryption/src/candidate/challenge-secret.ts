import { type ErrorCode, type Hashes, isCaissonError, type Random, Secret } from '@caisson/contracts';
import { DEK_BYTES, type ClusterId, PURPOSE_CODE } from '@caisson/formats';
import type { KekRing } from '../keys/kek-ring.js';

/** What says that a wrapped secret is not for the KEK at hand, or is no wrapped secret at all. */
const NOT_OURS: readonly ErrorCode[] = ['KEK_MISMATCH', 'KEK_CONTEXT_MISMATCH', 'KEK_BLOB_CORRUPT'];

export interface ChallengeParts {
  readonly ring: KekRing;
  readonly hashes: Hashes;
  readonly random: Random;
  readonly clusterId: ClusterId;
}

/**
 * The one context of challenges: nothing else is wrapped under their purpose, and nothing that comes as a
 * challenge is unwrapped under another, so a DEK's wrapping sent in their place opens nothing.
 */
function challengeContext(originId: ClusterId) {
  return { originId, keyId: 0, purpose: PURPOSE_CODE.challenge };
}

/**
 * 32 fresh random bytes and their wrapping by every provider that answers. The secret is the caller's to
 * erase.
 */
export async function newChallengeSecret(
  { ring, random, clusterId }: ChallengeParts,
  signal?: AbortSignal,
): Promise<{ readonly secret: Secret; readonly container: Uint8Array }> {
  const bytes = random.bytes(DEK_BYTES);
  const secret = new Secret(bytes);
  bytes.fill(0);
  return { secret, container: await ring.wrapByAvailable(secret, challengeContext(clusterId), signal) };
}

/**
 * The secret behind a container; `undefined` when no KEK of this node opens it. A key service that cannot say
 * is its own error.
 */
export async function openChallengeSecret(
  { ring, clusterId }: Pick<ChallengeParts, 'ring' | 'clusterId'>,
  container: Uint8Array,
  signal?: AbortSignal,
): Promise<Secret | undefined> {
  try {
    return await ring.unwrap(container, challengeContext(clusterId), signal);
  } catch (error) {
    if (isCaissonError(error) && NOT_OURS.includes(error.code)) return undefined;
    throw error;
  }
}
