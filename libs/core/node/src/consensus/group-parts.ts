import type {
  CaissonError,
  Clock,
  Faults,
  GroupEncryption,
  Logger,
  MemberAddresses,
  Meter,
  NodeIdentity,
  Peer,
  RaftLog,
  RaftTransport,
  Random,
} from '@caisson/contracts';
import type { AppliedRows } from '../applying/applied-rows.js';
import type { OpcodeTable } from '../applying/opcode-table.js';
import type { OpenAppliers } from '../applying/open-appliers.js';
import type { Admission } from '../membership/admission.js';
import type { MembershipBook } from '../membership/membership-book.js';
import type { ConsensusOptions } from './consensus-options.js';
import type { GroupSnapshots } from './snapshot-ports.js';
import type { Ticker } from './ticker.js';
import type { Turns } from './turns.js';

export interface GroupServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: Meter | undefined;
  readonly logger: Logger;
}

/** What a group is opened with. */
export interface GroupParts {
  readonly id: number;
  readonly identity: NodeIdentity;
  readonly log: RaftLog;
  readonly encryption: GroupEncryption;
  readonly rows: AppliedRows;
  readonly book: MembershipBook;
  readonly opcodes: OpcodeTable;
  readonly appliers: OpenAppliers;
  readonly options: ConsensusOptions;
  readonly services: GroupServices;
  readonly faults: Faults;
  /** Shared by the groups of this process. */
  readonly turns: Turns;
  readonly ticker: Ticker;
  readonly transport: Pick<RaftTransport, 'send' | 'sendSnapshot' | 'ask'> | undefined;
  /** Without them a member that the log does not reach back to cannot be helped. */
  readonly snapshots: GroupSnapshots | undefined;
  /** Where this node is reached, for its peers to know; absent for one that takes none. */
  readonly addresses?: MemberAddresses | undefined;
  /** Asked before a change is proposed; without a transport there is nobody to admit. */
  readonly admission: Pick<Admission, 'admit'> | undefined;
  /** Tells the transport about the members of this group. */
  connect(peers: readonly Peer[]): void;
}

/** What a group's machinery tells the group. */
export interface GroupEvents {
  /** Why nothing may be written any more. */
  refusal(): CaissonError | undefined;
  onApplied(): void;
  onLeadership(): void;
  onHalt(error: CaissonError): void;
  /** Log or core failed: the group is as good as dead. */
  onFailure(cause: unknown): void;
}
