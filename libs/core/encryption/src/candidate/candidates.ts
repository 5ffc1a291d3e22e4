import { EMPTY_BYTES } from '@caisson/base';
import { CaissonError, type Candidate, type KekProvider } from '@caisson/contracts';
import {
  CAPABILITY_PROOF_BYTES,
  type CapabilityAnswer,
  capabilityProofInput,
  CHALLENGE_NONCE_BYTES,
  decodeCapability,
  decodeChallenge,
  encodeChallenge,
  encodeRegisterWriter,
  epochFloorsInput,
  fullNodeId,
  type KeyEpoch,
  nodeId16,
  type WriterRow,
} from '@caisson/formats';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { isBootstrapped } from '../state/group-state.js';
import { type ChallengeParts, newChallengeSecret, openChallengeSecret } from './challenge-secret.js';

const NO_MAC = new Uint8Array(CAPABILITY_PROOF_BYTES);

/** Who may become a member of a group, as far as keys and nonces are concerned, by what is applied. */
export class Candidates {
  readonly #node: NodeEncryption;
  readonly #group: GroupSession;

  constructor(node: NodeEncryption, group: GroupSession) {
    this.#node = node;
    this.#group = group;
  }

  /** `through` is the one KEK that opens it; absent for any. */
  async challenge(candidate: bigint, signal?: AbortSignal, through?: KekProvider): Promise<Uint8Array> {
    const { ring, ...rest } = this.#challengeParts;
    const parts = { ...rest, ring: through === undefined ? ring : ring.of([through]) };
    const nonce = parts.random.bytes(CHALLENGE_NONCE_BYTES);
    if (!this.#node.enabled) {
      return encodeChallenge({ nonce, floors: [], container: EMPTY_BYTES, mac: NO_MAC });
    }
    const floors = await this.#floorsOf(candidate);
    const { secret, container } = await newChallengeSecret(parts, signal);
    try {
      const context = { nonce, clusterId: parts.clusterId, fullNodeId: candidate };
      const mac = parts.hashes.hmacSha256(secret, epochFloorsInput(context, floors));
      return encodeChallenge({ nonce, floors, container, mac });
    } finally {
      secret.erase();
    }
  }

  async admit(candidate: Candidate, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    const answer = decodeCapability(candidate.answer);
    if (answer.fullNodeId !== candidate.fullNodeId || fullNodeId(candidate.name) !== candidate.fullNodeId) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'answer', problem: 'is of another node' });
    }
    await this.#refuseCollision(candidate);
    if (!this.#node.enabled) return [];
    if (this.#node.parts.directory.identity.birth === 'encrypted' && !this.#group.isEncrypted) {
      throw new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED', { group: this.#group.id });
    }
    await this.#requireProof(candidate, answer, signal);
    return this.#registrations(candidate, answer);
  }

  async unregisteredKeys(member: bigint): Promise<readonly number[]> {
    const missing: number[] = [];
    for (const keyId of this.#keysInUse) {
      if ((await this.#row(keyId, member))?.fullNodeId !== member) missing.push(keyId);
    }
    return missing;
  }

  async registeredEpoch(member: bigint): Promise<number | undefined> {
    let last: number | undefined;
    for (const keyId of this.#keysInUse) {
      const row = await this.#row(keyId, member);
      if (row?.fullNodeId === member) last = Math.max(last ?? 0, row.lastSeenEpoch);
    }
    return last;
  }

  get #challengeParts(): ChallengeParts {
    const { parts, keys } = this.#node;
    const { hashes, random, directory } = parts;
    return { ring: keys.ring, hashes, random, clusterId: directory.identity.clusterId };
  }

  /** Readable ones included: what was sealed under them must stay apart from whatever is replayed. */
  get #keysInUse(): readonly number[] {
    const { current } = this.#group.state;
    if (!isBootstrapped(current)) return [];
    return current.keys.keys.filter(({ state }) => state !== 'retired').map(({ keyId }) => keyId);
  }

  async #row(keyId: number, member: bigint): Promise<WriterRow | undefined> {
    return this.#group.registry?.row(keyId, member);
  }

  /** Members, and everybody who ever sealed under a key that is still in use. */
  async #refuseCollision({ name, fullNodeId: own, members }: Candidate): Promise<void> {
    const others = members.filter((member) => member !== name).map((member) => fullNodeId(member));
    for (const keyId of this.#keysInUse) {
      const row = await this.#row(keyId, own);
      if (row !== undefined) others.push(row.fullNodeId);
    }
    const other = others.find((id) => id !== own && nodeId16(id) === nodeId16(own));
    // One number under two names: told apart by nothing.
    const isTaken = members.some((member) => member !== name && fullNodeId(member) === own);
    if (other === undefined && !isTaken) return;
    throw new CaissonError('NODE_ID_COLLISION', { candidate: name, one: own, other: other ?? own });
  }

  async #requireProof(candidate: Candidate, answer: CapabilityAnswer, signal?: AbortSignal): Promise<void> {
    const { name } = candidate;
    if (!answer.capable) throw notCapable(name, 'encryption is off there, or has no KEK');
    if (answer.proof === undefined) throw notCapable(name, 'another KEK');
    const { ring, hashes, clusterId } = this.#challengeParts;
    const { nonce, container } = decodeChallenge(candidate.challenge);
    const secret = await openChallengeSecret({ ring, clusterId }, container, signal);
    if (secret === undefined) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'challenge', problem: 'is not of this node' });
    }
    const context = { nonce, clusterId, fullNodeId: candidate.fullNodeId };
    const expected = hashes.hmacSha256(secret, capabilityProofInput(context));
    secret.erase();
    if (!hashes.equal(expected, answer.proof)) throw notCapable(name, 'the proof is wrong');
  }

  /**
   * A member that holds the epoch the registry knows goes on with it. Anybody else begins above everything
   * that was ever registered under the name, so that neither lost nor restored files can bring nonces back.
   */
  async #registrations(candidate: Candidate, answer: CapabilityAnswer): Promise<readonly Uint8Array[]> {
    const { name, fullNodeId: member, members } = candidate;
    const isMember = members.includes(name);
    const payloads: Uint8Array[] = [];
    for (const dekId of this.#keysInUse) {
      const reported = answer.epochs.find(({ keyId }) => keyId === dekId)?.epoch ?? 0;
      const last = (await this.#row(dekId, member))?.lastSeenEpoch;
      if (isMember && last !== undefined && reported >= last) continue;
      const epoch = Math.max(reported, last === undefined ? 0 : last + 1);
      if (epoch > this.#node.keys.epochMax)
        throw new CaissonError('LOCAL_EPOCH_EXHAUSTED', { keyId: dekId, candidate: name });
      payloads.push(encodeRegisterWriter({ dekId, fullNodeId: member, epoch }));
    }
    return payloads;
  }

  /** One above what is registered; none for keys under which the name is not. */
  async #floorsOf(member: bigint): Promise<readonly KeyEpoch[]> {
    const floors: KeyEpoch[] = [];
    for (const keyId of this.#keysInUse) {
      const row = await this.#row(keyId, member);
      if (row?.fullNodeId !== member) continue;
      floors.push({ keyId, epoch: Math.min(row.lastSeenEpoch + 1, this.#node.keys.epochMax) });
    }
    return floors.sort((a, b) => a.keyId - b.keyId);
  }
}

function notCapable(candidate: string, reason: string): CaissonError {
  return new CaissonError('PEER_NOT_ENCRYPTION_CAPABLE', { candidate, reason });
}
