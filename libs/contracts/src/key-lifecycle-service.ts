import type { GroupEncryptionStatus, EncryptionStatus } from './encryption-layer.js';
import type { ErrorCode } from './errors/catalogue.js';
import type { KekDescription, KekProvider } from './kek-provider.js';
import type { CallContext } from './kv-service.js';
import type { ScrubState } from './replication-engine.js';
import { slot } from './token.js';

export type DekPurpose = 'storage' | 'raft';

/** The keys of one group, as this node has applied them. 0 stands for "none yet". */
export interface GroupKeys extends GroupEncryptionStatus {
  readonly activeStorageKey: number;
  readonly activeRaftKey: number;
  /** Above it nothing clear is genuine; absent before sealed mode. */
  readonly sealedModeIndex?: number;
  readonly leads: boolean;
  /** Name of the leading node, when known. */
  readonly leader?: string;
}

export interface KeyLifecycleStatus extends Omit<EncryptionStatus, 'groups'> {
  /** Name of the node that answers. */
  readonly node: string;
  readonly groups: readonly GroupKeys[];
}

export interface KeyStatusQuestion {
  readonly current?: boolean;
  readonly count?: boolean;
}

/** What one KEK made of one DEK, on the node that answers. */
export interface KekCheck {
  readonly keyId: number;
  readonly purpose: DekPurpose;
  /** With `keyRef`, which KEK. */
  readonly provider: string;
  readonly keyRef: string;
  readonly result: /** Unwrapped, and the DEK in use came out. */
  | 'opened'
    /** Wrapped by a KEK that this node has no provider for. */
    | 'not-configured'
    /** A KEK of this node that does not protect the DEK yet: rewrapping adds it. */
    | 'not-wrapped'
    /** The provider refused, or another DEK came out; `error` says which. */
    | 'failed';
  readonly error?: ErrorCode;
}

/** One step of an order about keys, for people who wait. */
export interface KeyProgress {
  readonly group: number;
  readonly step: /** Every member, voters and learners, is asked to prove that it holds the KEK. */
  | 'asking'
    /** The first two DEKs are made. */
    | 'bootstrapping'
    | 'rotating'
    | 'registering'
    | 'rewrapping'
    /** Users' writes are held back for the length of one entry. */
    | 'holding'
    | 'enabling'
    /** What was clear or replaced leaves the logs and files of every member. */
    | 'scrubbing'
    /** Every member, voters and learners, counts what it has under the key. */
    | 'counting'
    /** The key opens nothing for readers any more, and can come back. */
    | 'suspending'
    | 'resuming'
    /** The key is given up for good. */
    | 'retiring'
    /** Members erase the key's bytes, each once nothing there is under it. */
    | 'erasing'
    /** From here on nothing clear is genuine. */
    | 'sealing'
    /** What was ordered is in force in this group. */
    | 'done';
  /** Members that proved themselves, or counted what they have, once they were asked. */
  readonly members?: readonly string[];
  /** The key that is active afterwards, where the step is about one. */
  readonly keyId?: number;
  /** Would be done; nothing was changed. */
  readonly planned?: boolean;
  /** How far each member is, while files are scrubbed. */
  readonly scrubs?: readonly MemberScrub[];
  /** Everything that stands in the way, on every member, once it was counted. */
  readonly blockers?: readonly KeyBlocker[];
}

/** What keeps a key from being retired, on one member. */
export interface KeyBlocker {
  readonly member: string;
  readonly what: /** Versions, or locks and intents, that are sealed under the key. */
  | 'values'
    | 'intents'
    /** Values of which nobody can tell under which key they are. */
    | 'unreadable'
    /** Values are being rewritten to this very key. */
    | 'rewrite'
    /** Log entries that may be under the key. */
    | 'log'
    /** A state that is read or received right now, and has values under the key. */
    | 'snapshot'
    | 'backup'
    /** The member has not applied what the leader has. */
    | 'behind'
    /** The member does not answer; what it has is not known. */
    | 'unreachable'
    /** The key's bytes are still there. Stops no order: they go by themselves. */
    | 'bytes';
  /** How many of it; absent where that is no number. */
  readonly count?: number;
  /** What there is, and what to do about it, for people. */
  readonly problem: string;
  readonly next: string;
}

/** How far one member is with freeing its files from what they held once. */
export interface MemberScrub {
  readonly name: string;
  readonly stage: ScrubState['stage'];
}

export interface KeyOrder {
  /** Asks and checks everything, changes nothing, and says what would be done. */
  readonly dryRun?: boolean;
}

/** One KEK as the node that answers sees it. */
export interface KekInfo extends KekDescription {
  /** Unretired data keys that it wraps, and those that it does not. */
  readonly keys: number;
  readonly missing: number;
  /** Since it last opened a data key in this process; absent where it never did. */
  readonly openedMsAgo?: number;
  /** Why it last failed; absent after a success. */
  readonly failure?: ErrorCode;
}

export interface NodeKeks {
  readonly node: string;
  readonly keks: readonly KekInfo[];
}

export interface RewrapOrder extends KeyOrder {
  /** Every member must prove that it holds each of the KEKs, where one of them is enough otherwise. */
  readonly everyKek?: boolean;
}

export interface RegisteredEpoch {
  readonly keyId: number;
  readonly epoch: number;
}

export interface RegisterWriterOrder extends KeyOrder {
  /** Name of a member. */
  readonly name: string;
}

export interface RotateOrder extends KeyOrder {
  readonly purpose: DekPurpose;
  /**
   * Keys to get away from: groups in which another one is active already are left alone, so that an order may
   * be repeated. Absent means: whatever is active now, and a repeat rotates again.
   */
  readonly from?: readonly number[];
}

export interface KeyIdOrder extends KeyOrder {
  readonly keyId: number;
}

export interface RetireOrder extends KeyIdOrder {
  /** Gives up for good a key that is suspended; without it the key is suspended, and can come back. */
  readonly erase?: boolean;
}

/** How rewriting stands in one group of one node. */
export interface RewriteProgress {
  readonly group: number;
  readonly state: /** Never begun, or cancelled. */
  | 'idle'
    | 'counting'
    | 'running'
    /** All is sealed; what was there before leaves the files. */
    | 'scrubbing'
    | 'finished'
    | 'stopped'
    | 'failed';
  /** The key that values are moved to. */
  readonly keyId?: number;
  /** Values rewritten, and how many there were; users may rewrite or remove some first. */
  readonly done: number;
  readonly total: number;
  readonly bytesPerSecond: number;
  /** At the speed so far; absent where nothing runs or nothing is known yet. */
  readonly remainingMs?: number;
  readonly error?: ErrorCode;
}

export interface RewriteOrder {
  /** `start` also goes on with what was begun; `cancel` keeps what was rewritten. */
  readonly action: 'start' | 'look' | 'cancel';
  /** Of stored values; 0 for no limit. Absent leaves it as it is. */
  readonly bytesPerSecond?: number;
  /**
   * When it is to be over, Unix milliseconds by the clock of the node: the rate follows from what is left,
   * and from how busy the store is. In the place of a rate.
   */
  readonly finishBy?: number;
}

/**
 * The life of data keys, as operators order it.
 *
 * Orders cover all groups, one entry each, and are carried out on the leader of each group: elsewhere they
 * are `NOT_LEADER` with the leader's name and client address in the details. An order that broke off may be
 * given again, there or to another node; what is in force already is a success. Whatever an operator can get
 * wrong is refused before an entry exists.
 *
 * Every order is `ENCRYPTION_NOT_ENABLED` where encryption is off, and `KEK_NOT_CONFIGURED` without a KEK.
 */
export interface KeyLifecycleService {
  /**
   * As this node has applied it; with `current`, everything that was acknowledged before the call is in it,
   * or the call fails. With `count`, every stored value is looked at, and each key says how many are under
   * it.
   */
  status(asked: KeyStatusQuestion, context: CallContext): Promise<KeyLifecycleStatus>;
  /**
   * Unwraps every unretired DEK through each KEK of this node, the one after the other. A KEK that fails is a
   * result, not an error.
   */
  verify(context: CallContext): Promise<readonly KekCheck[]>;
  /**
   * A new DEK takes over for its purpose, the same one in all groups; what the old one sealed stays readable.
   * `ENVELOPE_ORDER` while there are no keys; `CAPABILITY_CHECK_FAILED`, because a member without the KEK
   * would halt at the entry.
   */
  rotate(order: RotateOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * Every DEK is wrapped anew by exactly the KEKs of this node. Refused unless every member proves that it
   * holds one of them: `CAPABILITY_CHECK_FAILED`. `ENVELOPE_ORDER` while there are no keys.
   */
  rewrap(order: RewrapOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /** The KEKs of this node and how each fares; asks them nothing. */
  keks(context: CallContext): Promise<NodeKeks>;
  /**
   * Reads the configuration again and goes on with the KEKs it names now; data keys stay wrapped as they are.
   * `KEK_REQUIRED_WITH_FLAG` when it names none, `KEK_MISMATCH` when those it names do not open every data
   * key, `UNIMPLEMENTED` where the node was not started from a file. A refusal leaves everything as it was.
   */
  reloadKeks(order: KeyOrder, context: CallContext): Promise<NodeKeks>;
  /** The last epoch that is registered of a member under each unretired key; others are left out. */
  registeredEpochs(name: string, context: CallContext): Promise<readonly RegisteredEpoch[]>;
  /**
   * Registers a member under every unretired key, after it has proved its KEK. A member that is registered
   * with the epochs it has is left as it is. `INVALID_ARGUMENT` for a stranger.
   */
  registerWriter(order: RegisterWriterOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * Makes the first two DEKs, the same in all groups; they seal nothing before the storage envelope is in
   * force. Refused as that is. A repeat changes nothing, and keys that are there are never replaced.
   */
  bootstrap(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * From here on values are sealed; makes the first DEKs if there are none. One way. Refused unless every
   * member of the group proves within one deadline that it holds the KEK: `CAPABILITY_CHECK_FAILED`.
   */
  enableStorageEnvelope(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * From here on log entries are sealed. One way, and after the storage envelope (`ENVELOPE_ORDER`). Users'
   * writes wait meanwhile: each is refused with `ENVELOPE_CUTOVER_IN_PROGRESS` and may be repeated. They are
   * let in again however the order ends.
   *
   * Once the log is sealed, every member drops the clear entries, and frees its files as by `scrub`. An
   * order that broke off there goes on with that: `SCRUB_INCOMPLETE` says with whom.
   */
  enableRaftEnvelope(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * From here on a clear value, a clear tombstone or a clear entry is an integrity failure: deletes are
   * sealed like values, and whoever writes to a disk cannot make a value look deleted. One way, and after
   * both envelopes (`ENVELOPE_ORDER`). What was deleted before stays as it is until it is rewritten.
   */
  sealMode(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * Seals under the active key, in the background, whatever this node stores clear or under an older one. Of
   * this node alone: every replica does it for itself. Goes on by itself after a restart. `ENVELOPE_ORDER`
   * before values are sealed.
   */
  rewrite(order: RewriteOrder, context: CallContext): Promise<readonly RewriteProgress[]>;
  /**
   * Ends the use of a key that is not active, in two orders. The first suspends it: it opens nothing for
   * readers, and `resume` brings it back. The second, with `erase`, gives it up for good, and follows the
   * members while they erase its bytes, each once nothing there is under it.
   *
   * Before either, every member of every group counts what it has under the key. Whatever is found, also that
   * a member does not answer, refuses the order before an entry exists: `KEY_STILL_REFERENCED`, or
   * `RAFT_DEK_WAL_STILL_REFERENCES` for a log that may hold entries under it. There is no way around it. A
   * dry run says all of it, and refuses nothing.
   *
   * `INVALID_ARGUMENT` for an active key, `KEY_RETIRED` for an unknown one, `KEY_NOT_SUSPENDED` where
   * `erase` comes first.
   */
  retire(order: RetireOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /** Takes a suspension back. `KEY_RETIRED` once the key was given up. */
  resume(order: KeyIdOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * Values that were overwritten or removed, and entries that are applied by now, leave the files of every
   * member of every group, voters and learners. Does not seal what is still stored clear: `rewrite` does.
   * `SCRUB_INCOMPLETE` names the members that did not get there; the others are done.
   */
  scrub(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
}

/** KEK providers that were made while the node runs. Whoever has them closes them. */
export interface LoadedKeks {
  readonly keks: readonly KekProvider[];
  close(): Promise<void>;
}

/** Where KEKs come from, read anew at each call. Provided by whoever runs the host from a configuration. */
export interface KekConfiguration {
  load(signal?: AbortSignal): Promise<LoadedKeks>;
}

export const KekConfiguration = slot<KekConfiguration>('KekConfiguration');

export const KeyLifecycleService = slot<KeyLifecycleService>('KeyLifecycleService');
