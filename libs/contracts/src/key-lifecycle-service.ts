import type { GroupEncryptionStatus, EncryptionStatus } from './encryption-layer.js';
import type { ErrorCode } from './errors/catalogue.js';
import type { CallContext } from './kv-service.js';
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
    | 'rewrapping'
    /** Users' writes are held back for the length of one entry. */
    | 'holding'
    | 'enabling'
    /** From here on nothing clear is genuine. */
    | 'sealing'
    /** What was ordered is in force in this group. */
    | 'done';
  /** Members that proved themselves, once they were asked. */
  readonly members?: readonly string[];
  /** The key that is active afterwards, where the step is about one. */
  readonly keyId?: number;
  /** Would be done; nothing was changed. */
  readonly planned?: boolean;
}

export interface KeyOrder {
  /** Asks and checks everything, changes nothing, and says what would be done. */
  readonly dryRun?: boolean;
}

export interface RotateOrder extends KeyOrder {
  readonly purpose: DekPurpose;
  /**
   * Keys to get away from: groups in which another one is active already are left alone, so that an order may
   * be repeated. Absent means: whatever is active now, and a repeat rotates again.
   */
  readonly from?: readonly number[];
}

/** How rewriting stands in one group of one node. */
export interface RewriteProgress {
  readonly group: number;
  readonly state: 'idle' | 'counting' | 'running' | 'finished' | 'stopped' | 'failed';
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
   * or the call fails.
   */
  status(asked: { readonly current?: boolean }, context: CallContext): Promise<KeyLifecycleStatus>;
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
  rewrap(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * From here on values are sealed; makes the first DEKs if there are none. One way. Refused unless every
   * member of the group proves within one deadline that it holds the KEK: `CAPABILITY_CHECK_FAILED`.
   */
  enableStorageEnvelope(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * From here on log entries are sealed. One way, and after the storage envelope (`ENVELOPE_ORDER`). Users'
   * writes wait meanwhile: each is refused with `ENVELOPE_CUTOVER_IN_PROGRESS` and may be repeated. They are
   * let in again however the order ends.
   */
  enableRaftEnvelope(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * From here on a clear value, a clear tombstone or a clear entry is an integrity failure: deletes are sealed
   * like values, and whoever writes to a disk cannot make a value look deleted. One way, and after both
   * envelopes (`ENVELOPE_ORDER`). What was deleted before stays as it is until it is rewritten.
   */
  sealMode(order: KeyOrder, context: CallContext): AsyncIterable<KeyProgress>;
  /**
   * Seals under the active key, in the background, whatever this node stores clear or under an older one. Of
   * this node alone: every replica does it for itself. Goes on by itself after a restart. `ENVELOPE_ORDER`
   * before values are sealed.
   */
  rewrite(order: RewriteOrder, context: CallContext): Promise<readonly RewriteProgress[]>;
}

export const KeyLifecycleService = slot<KeyLifecycleService>('KeyLifecycleService');
