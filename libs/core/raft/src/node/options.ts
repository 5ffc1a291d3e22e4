import { invariant } from '@caisson/base';
import type { LogStorage } from '../log/storage.js';
import { type Entry, isThread, type NodeId, NONE } from '../message/entry.js';
import { type LogSink, SILENT } from '../message/log-sink.js';
import type { TraceSink } from '../trace/trace-event.js';

/** How linearizable reads are confirmed: by a round of heartbeats, or by trust in the leader's clock. */
export type ReadMode = 'safe' | 'lease-based';

export interface RaftOptions {
  readonly id: NodeId;
  /**
   * Ticks without news from a leader after which a follower campaigns; the actual wait is up to twice that.
   */
  readonly electionTick: number;
  /** Ticks between a leader's heartbeats. Well below `electionTick`. */
  readonly heartbeatTick: number;
  readonly storage: LogStorage;
  /** A whole number from 0 up to but without `bound`. Only spreads election timeouts. */
  readonly random: (bound: number) => number;
  /** Last index the application has durably applied, on restart. Entries after it are handed out again. */
  readonly applied?: number;
  /** Storage work leaves in messages to the storage threads, and `advance` is not used. */
  readonly asyncStorageWrites?: boolean;
  /** Encoded bytes of entries per append; one entry always goes. */
  readonly maxSizePerMsg?: number;
  /** Encoded bytes of committed entries with the application at once. Default: `maxSizePerMsg`. */
  readonly maxCommittedSizePerReady?: number;
  /** Payload bytes in the leader's log that are not applied; beyond it proposals are dropped. 0: no limit. */
  readonly maxUncommittedSize?: number;
  readonly maxInflightMsgs?: number;
  /** Payload bytes. 0: no limit; otherwise at least `maxSizePerMsg`. */
  readonly maxInflightBytes?: number;
  /**
   * A leader that hears from no quorum for an election timeout steps down, and leases refuse votes
   * meanwhile.
   */
  readonly checkQuorum?: boolean;
  /** Ask for votes without raising the term first, so that a node that cannot win disturbs nobody. */
  readonly preVote?: boolean;
  readonly readMode?: ReadMode;
  /** Followers drop proposals instead of passing them to the leader. */
  readonly disableProposalForwarding?: boolean;
  /** Leaves the order of membership changes to the application. Unsafe without equal care there. */
  readonly disableConfChangeValidation?: boolean;
  /** A leader that is removed or demoted becomes a follower when it applies that. */
  readonly stepDownOnRemoval?: boolean;
  /**
   * Called once per normal entry with data, at the moment the leader gives it term and index, to replace its
   * data, for instance by a sealed form bound to that place. Must keep term, index and type.
   */
  readonly onAppend?: (entry: Entry) => Entry;
  readonly sink?: LogSink;
  readonly trace?: TraceSink;
}

/** The options with every default in place. Unlimited is `Infinity`. */
export type ResolvedOptions = Required<Omit<RaftOptions, 'trace' | 'onAppend'>> &
  Pick<RaftOptions, 'trace' | 'onAppend'>;

/** Broken options are a bug of whoever read the configuration (RAFT-12). */
export function resolveOptions(options: RaftOptions): ResolvedOptions {
  const maxSizePerMsg = options.maxSizePerMsg ?? Infinity;
  const resolved: ResolvedOptions = {
    applied: 0,
    asyncStorageWrites: false,
    maxInflightMsgs: 256,
    checkQuorum: false,
    preVote: false,
    readMode: 'safe',
    disableProposalForwarding: false,
    disableConfChangeValidation: false,
    stepDownOnRemoval: false,
    sink: SILENT,
    ...options,
    maxSizePerMsg,
    maxCommittedSizePerReady: options.maxCommittedSizePerReady || maxSizePerMsg,
    maxUncommittedSize: options.maxUncommittedSize || Infinity,
    maxInflightBytes: options.maxInflightBytes || Infinity,
  };
  checkOptions(resolved);
  return resolved;
}

function checkOptions(options: ResolvedOptions): void {
  const { id, heartbeatTick, electionTick } = options;
  invariant(
    'RAFT-12',
    Number.isSafeInteger(id) && id > NONE && !isThread(id),
    'id must be a positive number',
  );
  invariant('RAFT-12', heartbeatTick > 0, 'heartbeatTick must be positive');
  invariant('RAFT-12', electionTick > heartbeatTick, 'electionTick must exceed heartbeatTick');
  invariant('RAFT-12', options.maxInflightMsgs > 0, 'maxInflightMsgs must be positive');
  const roomForOne =
    options.maxInflightBytes >= options.maxSizePerMsg || options.maxInflightBytes === Infinity;
  invariant('RAFT-12', roomForOne, 'maxInflightBytes must hold one message');
  const leaseIsBacked = options.readMode === 'safe' || options.checkQuorum;
  invariant('RAFT-12', leaseIsBacked, 'lease-based reads need checkQuorum');
}
