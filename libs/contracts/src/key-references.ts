/**
 * A state of the group that is kept as of one moment while somebody reads it, or that is on its way in.
 */
export interface StateLease {
  readonly kind: /** Sent to a member. */
  | 'snapshot'
    /** Taken by a client. */
    | 'backup'
    /** Received from the leader, and not in force yet. */
    | 'incoming';
  /** Of the last entry that is applied in it; 0 for one that is still arriving. */
  readonly index: number;
  /** Versions and intents in it that are sealed under the key; absent where nobody can tell yet. */
  readonly values?: number;
}

/**
 * What one member has under one data key in one group: everything that would be lost with the key's bytes.
 *
 * Values are counted exactly, by reading every one. What is counted is what is stored, whether or not a
 * reader can still reach it: the retention floor makes no difference here. Of a key that is retired already
 * nothing is counted; `isHeld` says whether anything may be left.
 */
export interface KeyReferences {
  readonly purpose: 'storage' | 'raft' | undefined;
  /** As applied there; `unknown` for a key that the group never had. */
  readonly state: 'active' | 'retiring' | 'suspended' | 'retired' | 'unknown';
  /** Index of the last key entry that is applied there. */
  readonly stateIndex: number;
  /** Index of the last entry whose effects are counted. */
  readonly applied: number;
  /** Versions under the key. */
  readonly values: number;
  /** Locks and intents under the key. */
  readonly intents: number;
  /** Values of which nobody can tell the key: they may be under any. */
  readonly unreadable: number;
  /** Whether values are being rewritten to this very key. */
  readonly isCursorTarget: boolean;
  /** Entries up to here have left the log, and the state behind them is durable. */
  readonly logStart: number;
  /**
   * No log entry above this index is under the key. Never too low: what was in the log before a process began
   * may be under any key. 0 for a storage key.
   */
  readonly lastUse: number;
  readonly leases: readonly StateLease[];
  /** Whether the bytes of the key, wrapped or not, are still there. */
  readonly isHeld: boolean;
}
