import type { CaissonError } from './errors/caisson-error.js';
import type { KeyReferences } from './key-references.js';
import type { ReadableStore, Store } from './store.js';
import { slot } from './token.js';

/** Who proposes: users wait for keys and registration, the system's own entries bring them about. */
export type ProposalSource = 'user' | 'system';

/** A proposal at the place where it enters the log. */
export interface ProposalSlot {
  readonly term: number;
  readonly index: number;
  /** 64 random bits. */
  readonly proposalId: bigint;
}

/** What the pre-apply step made of a committed entry. */
export type OpenedProposal =
  /** `payload` is fresh memory that belongs to the applier, whether or not it was sealed. */
  | { readonly kind: 'payload'; readonly proposalId: bigint; readonly payload: Uint8Array }
  /** Nothing is applied, the index advances, the refusal is counted, the proposer hears `error`. */
  | { readonly kind: 'refused'; readonly proposalId: bigint; readonly error: CaissonError };

/**
 * The encryption of one group: its plaintext-side store, and the sealing of what enters its log.
 *
 * Order of use: `openGroup` → `beginSealing` → everything else → `close`.
 */
export interface GroupEncryption {
  readonly store: Store;
  /**
   * What readers get in the place of `store`. A value under a suspended key is `KEY_RETIRED` to them, while
   * apply goes on: a suspension must be undone by an entry, so no entry may stop at it.
   */
  readonly readers?: ReadableStore;
  /**
   * What appliers get in the place of `store`, and nobody else: a value that does not open here is fetched
   * from another member, from `useSource`, before it counts as unreadable.
   */
  readonly applying?: Store;
  /** Where `applying` asks. To be called before anything is applied; without it nobody is asked. */
  useSource?(source: StoredValues): void;
  /**
   * A version as it is stored here, for a member that cannot open its own. Only what is sealed is given, so
   * that the asker can tell whether it is genuine; `undefined` for anything else.
   */
  storedValue?(storeKey: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * Refuses a log that begins above a key entry which the store has not applied:
   * `SIDECAR_COMPACTED_GAP`. Asked as soon as store and log are open, before they are compared in any other
   * way.
   */
  guardLog?(log: { readonly start: number }): void;
  /**
   * Takes this process's epoch durably. The last step of the start: every guard has passed, nothing was
   * sealed yet. Called once, before the first `sealProposal` and before anything is applied. May refuse with
   * `LOCAL_EPOCH_EXHAUSTED`. Told the index of the log's last entry, it also refuses a log that ends before a
   * key entry this node has recorded (`CORRUPTION`). Told the epoch that others saw registered last, it takes
   * a higher one.
   */
  beginSealing(log?: { readonly last: number; readonly registeredEpoch?: number | undefined }): Promise<void>;
  /**
   * The data of the log entry for `payload` at this very slot: clear below the group's Raft cutover and for
   * encryption off, sealed above it. Synchronous: it runs inside the append step, where term and index are
   * known. May throw `WRITE_COUNT_EXHAUSTED`.
   */
  sealProposal(at: ProposalSlot, payload: Uint8Array): Uint8Array;
  /**
   * Opens a committed normal entry with data, before any applier sees it, by the group's cutover as of the
   * entry before. Throws `RAFT_UNWRAP_FAILED` or `ENTRY_MALFORMED` where the engine must halt without
   * advancing.
   */
  openProposal(at: { readonly term: number; readonly index: number }, data: Uint8Array): OpenedProposal;
  /**
   * Why proposals of this source are held back right now (`ENCRYPTION_NOT_BOOTSTRAPPED`, …); else
   * `undefined`.
   */
  admission(source: ProposalSource): CaissonError | undefined;
  /**
   * A fresh question to one candidate for membership that only a holder of the same KEK can answer. It holds
   * a secret wrapped for this purpose alone, never a key in use. Where encryption is off it asks for nothing.
   */
  challenge(fullNodeId: bigint, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Judges a candidate by its answer, and yields the payloads that must be applied, in order, before the
   * change of membership: its registrations under every key in use. None where encryption is off or not
   * bootstrapped.
   *
   * `PEER_NOT_ENCRYPTION_CAPABLE` (no KEK, another KEK, encryption off while it is on here),
   * `NODE_ID_COLLISION`, `ENCRYPTION_NOT_BOOTSTRAPPED` (too early), `LOCAL_EPOCH_EXHAUSTED`, and
   * `INVALID_ARGUMENT` for what is no answer of this candidate.
   */
  admit(candidate: Candidate, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
  /** Keys in use under which a node is not registered, as of what is applied. */
  unregisteredKeys(fullNodeId: bigint): Promise<readonly number[]>;
  /**
   * The last epoch that the rows of this group, as stored, know of a node, over all keys. Answers as soon as
   * the group is open.
   */
  registeredEpoch(fullNodeId: bigint): Promise<number | undefined>;
  /**
   * What is under one data key here, but for the log, whose start the engine knows. Reads every stored value.
   * Absent where nothing is ever sealed.
   */
  keyReferences?(keyId: number, signal?: AbortSignal): Promise<Omit<KeyReferences, 'logStart'>>;
  /**
   * Makes values that were overwritten or removed before the call leave the files of the store behind it.
   * Waits for readers. Absent where there are no files.
   */
  scrub?(signal?: AbortSignal): Promise<void>;
  /** Closes the store behind it. Harmless when repeated. */
  close(): Promise<void>;
}

/** The values of other members. */
export interface StoredValues {
  /**
   * The version at this key as each member stores it, one after the other, for as long as the caller goes on.
   * Ends when nobody is left to be asked, or within a limit; members that have nothing give nothing.
   */
  ask(storeKey: Uint8Array): AsyncIterable<Uint8Array>;
}

/** A node that asks to be let in, or to vote, and what it said. */
export interface Candidate {
  readonly name: string;
  readonly fullNodeId: bigint;
  /** Names of all members; the candidate's own when it is one already. */
  readonly members: readonly string[];
  readonly challenge: Uint8Array;
  readonly answer: Uint8Array;
}

/**
 * The only door between plaintext and what is stored. Present also when encryption is off: then values pass
 * as clear ones, and the guards against downgrades still stand.
 */
export interface EncryptionLayer {
  readonly enabled: boolean;
  /**
   * Opens the group's store behind the door and runs the start-up guards that need it: `CORRUPTION`,
   * `NODE_ID_COLLISION`, `SIDECAR_BEHIND_RAFT_LOG`, `LOCAL_EPOCH_ROLLBACK`, `SIDECAR_GAP`,
   * `CLUSTER_MISMATCH`. A refusal leaves all logical content unchanged and nothing half-open.
   */
  openGroup(id: number, signal?: AbortSignal): Promise<GroupEncryption>;
  /**
   * Whether a quorum must be asked for this node's last registered epoch before `beginSealing`: with what is
   * written here, nonces are only as safe as the disk that remembers the epochs.
   */
  readonly needsRegisteredEpoch: boolean;
  /**
   * This node's answer to a challenge: who it is, its epochs, whether it can keep secrets, and the proof;
   * never unwrapped bytes. `INVALID_ARGUMENT` for what is no challenge.
   */
  answer(challenge: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

export const EncryptionLayer = slot<EncryptionLayer>('EncryptionLayer');

export interface EncryptionKeyStatus {
  readonly keyId: number;
  readonly purpose: 'storage' | 'raft';
  readonly state: 'active' | 'retiring' | 'suspended' | 'retired';
  readonly localEpoch: number;
  /** Values that are sealed under it on this node, if they were counted. */
  readonly values?: number;
}

export interface GroupEncryptionStatus {
  readonly group: number;
  readonly bootstrapped: boolean;
  readonly storageEnvelopeActive: boolean;
  readonly storageEnvelopeCutoverIndex: number;
  readonly raftEnvelopeCutoverIndex: number;
  readonly registered: boolean;
}

export interface EncryptionStatus {
  readonly enabled: boolean;
  readonly birth: 'encrypted' | 'clear';
  readonly envelopeVersion: number;
  readonly fullNodeId: bigint;
  readonly keys: readonly EncryptionKeyStatus[];
  readonly groups: readonly GroupEncryptionStatus[];
}

/** What operators ask and order. Grows with the key lifecycle. */
export interface EncryptionService {
  status(): EncryptionStatus;
}

export const EncryptionService = slot<EncryptionService>('EncryptionService');
