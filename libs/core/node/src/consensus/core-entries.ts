import type { HardState as LogHardState, LogEntry, LogEntryKind } from '@caisson/contracts';
import type { Entry, EntryType, HardState } from '@caisson/raft';
import { raftIdOf } from '../membership/raft-id.js';

const KIND_OF: Readonly<Record<EntryType, LogEntryKind>> = {
  EntryNormal: 'normal',
  EntryConfChange: 'confChange',
  EntryConfChangeV2: 'confChangeV2',
};

const TYPE_OF: Readonly<Record<LogEntryKind, EntryType>> = {
  normal: 'EntryNormal',
  confChange: 'EntryConfChange',
  confChangeV2: 'EntryConfChangeV2',
};

export const toLogEntry = ({ index, term, type, data }: Entry): LogEntry => ({
  index,
  term,
  kind: KIND_OF[type],
  data,
});

export const toCoreEntry = ({ index, term, kind, data }: LogEntry): Entry => ({
  index,
  term,
  type: TYPE_OF[kind],
  data,
});

export const toLogHardState = ({ term, vote, commit }: HardState): LogHardState => ({
  term,
  vote: BigInt(vote),
  commit,
});

/** A vote that was recorded by its full id stands for the same node. */
export const toCoreHardState = ({ term, vote, commit }: LogHardState): HardState => ({
  term,
  vote: vote === 0n ? 0 : raftIdOf(vote),
  commit,
});
