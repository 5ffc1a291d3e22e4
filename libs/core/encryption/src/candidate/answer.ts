import { EMPTY_BYTES } from '@caisson/base';
import { CaissonError, CONTRACTS_VERSION } from '@caisson/contracts';
import {
  type CapabilityAnswer,
  type CapabilityChallenge,
  capabilityProofInput,
  decodeChallenge,
  encodeCapability,
  epochFloorsInput,
} from '@caisson/formats';
import type { NodeEncryption } from '../node/node-encryption.js';
import { openChallengeSecret } from './challenge-secret.js';

const BUILD = `caisson, contracts ${CONTRACTS_VERSION}`;

/**
 * What this node says to a challenge. The proof is bound to the question, the cluster and this node's number,
 * so that nobody can answer with it a second time or in another's place.
 *
 * Before a proof is given away the floors of the challenge are durable: whoever registers this node may rely
 * on it that nothing is sealed below them.
 */
export async function answerChallenge(
  node: NodeEncryption,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const challenge = decodeChallenge(bytes);
  const { book, ring, seals } = node.keys;
  const keys = [...(book.content?.keys ?? [])];
  const said: CapabilityAnswer = {
    fullNodeId: seals.fullNodeId,
    capable: node.enabled && !ring.isEmpty,
    sidecarPresent: book.content !== undefined,
    epochs: keys
      .map(([keyId, { localEpoch }]) => ({ keyId, epoch: localEpoch }))
      .sort((a, b) => a.keyId - b.keyId),
    build: BUILD,
  };
  const proof = said.capable ? await prove(node, challenge, signal) : EMPTY_BYTES;
  return encodeCapability(proof.length === 0 ? said : { ...said, proof });
}

/** Empty where there is nothing to prove, or no KEK to prove it with. */
async function prove(
  { keys, parts }: NodeEncryption,
  { nonce, floors, container, mac }: CapabilityChallenge,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (container.length === 0) return EMPTY_BYTES;
  const { hashes, directory } = parts;
  const { clusterId } = directory.identity;
  const secret = await openChallengeSecret({ ring: keys.ring, clusterId }, container, signal);
  if (secret === undefined) return EMPTY_BYTES;
  try {
    const context = { nonce, clusterId, fullNodeId: keys.seals.fullNodeId };
    if (!hashes.equal(hashes.hmacSha256(secret, epochFloorsInput(context, floors)), mac)) {
      throw new CaissonError('INVALID_ARGUMENT', {
        field: 'challenge',
        problem: 'was not made for this node',
      });
    }
    await keys.floors.raise(floors);
    return hashes.hmacSha256(secret, capabilityProofInput(context));
  } finally {
    secret.erase();
  }
}
