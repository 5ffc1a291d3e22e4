import {
  type DataDirectory,
  type EncryptionLayer,
  type GroupEncryption,
  type NodeIdentity,
  type RaftLog,
  type RaftLogs,
} from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';
import { readAppliedRows } from '../applying/applied-rows.js';
import { genesisPayload } from '../genesis/genesis-applier.js';
import { MembershipBook } from '../membership/membership-book.js';
import { raftIdOf } from '../membership/raft-id.js';
import { lastRegisteredEpoch } from '../membership/registered-epoch.js';
import { ProposalIds } from '../proposals/proposal-ids.js';
import { ConsensusGroup } from './consensus-group.js';
import { toLogHardState } from './core-entries.js';
import type { GroupParts } from './group-parts.js';
import { LogCache } from './log-cache.js';
import { checkContinuity } from './log-continuity.js';
import { readMembership } from './membership-desk.js';
import type { NodeSnapshots } from './snapshot-ports.js';

/** What groups are opened from; the parts that all groups of a process share. */
export interface GroupHouse
  extends Omit<
    GroupParts,
    'id' | 'identity' | 'log' | 'encryption' | 'rows' | 'book' | 'appliers' | 'snapshots' | 'connect'
  > {
  readonly logs: RaftLogs;
  readonly layer: EncryptionLayer;
  readonly directory: DataDirectory;
  /** Absent where no member can be sent the state itself. */
  readonly nodeSnapshots: NodeSnapshots | undefined;
  connect(group: number, peers: Parameters<GroupParts['connect']>[0]): void;
}

const FIRST_TERM = 1;

/**
 * Opens a group without starting it. Everything that may refuse comes before this process takes its epoch,
 * and nothing is sealed or applied before that is durable. A refusal leaves nothing open.
 */
export async function openGroup(
  id: number,
  house: GroupHouse,
  signal?: AbortSignal,
): Promise<ConsensusGroup> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const log = await house.logs.open(house.directory.group(id).log, signal);
    undo.push(() => log.close());
    await house.nodeSnapshots?.finish(id, log, signal);
    const encryption = await house.layer.openGroup(id, signal);
    undo.push(() => encryption.close());
    return await prepare({ id, house, log, encryption }, signal);
  } catch (error) {
    for (const close of undo.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

interface Opened {
  readonly id: number;
  readonly house: GroupHouse;
  readonly log: RaftLog;
  readonly encryption: GroupEncryption;
}

async function prepare(opened: Opened, signal: AbortSignal | undefined): Promise<ConsensusGroup> {
  const { id, house, log, encryption } = opened;
  const { store, applying = store } = encryption;
  const { identity } = house.directory;
  const rows = await readAppliedRows(store);
  encryption.guardLog?.({ start: log.start.index });
  checkContinuity(id, log, rows.applied);
  const book = new MembershipBook(await readMembership(store));
  const appliers = await house.opcodes.open({ id, store: applying });
  signal?.throwIfAborted();
  await encryption.beginSealing({ last: log.last, registeredEpoch: await askEpoch(opened, book, signal) });
  if (book.members.length === 0 && identity.joined !== true) await found(opened, identity);
  const cache = await LogCache.open(log, {
    confState: book.confState,
    pageBytes: house.options.replication.applyingBytes,
    applied: () => group.snapshotState,
  });
  const logger = house.services.logger.child({ group: id });
  const parts: GroupParts = {
    ...house,
    id,
    identity,
    log,
    encryption,
    rows,
    book,
    appliers,
    services: { ...house.services, logger },
    snapshots: house.nodeSnapshots?.group(id),
    connect: (peers) => house.connect(id, peers),
  };
  const group: ConsensusGroup = new ConsensusGroup(parts, cache);
  return group;
}

/** The last epoch of this node that others know of, where nonces are only as safe as what is remembered. */
async function askEpoch(
  { id, house }: Opened,
  book: MembershipBook,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const { directory, layer, services, transport } = house;
  if (!layer.needsRegisteredEpoch) return undefined;
  const { clock, logger } = services;
  const inquiry = { group: id, self: directory.identity.name, book, transport, clock, logger };
  return lastRegisteredEpoch(inquiry, signal);
}

/**
 * The group begins with its first entry, committed by the only member there is: the node itself, which the
 * entry names. Written once; a log that ended with it before it was applied goes on from it.
 */
async function found({ id, house, log, encryption }: Opened, identity: NodeIdentity): Promise<void> {
  const { random, logger } = house.services;
  const vote = raftIdOf(fullNodeId(identity.name));
  const { term } = log.hardState;
  const hardState = toLogHardState({ term: Math.max(FIRST_TERM, term), vote, commit: 1 });
  if (log.last > 0) {
    if (log.hardState.commit === 0) await log.append({ entries: [], hardState });
    return;
  }
  const at = { term: FIRST_TERM, index: 1, proposalId: new ProposalIds(random).next() };
  const data = encryption.sealProposal(at, genesisPayload(identity, id, house.addresses));
  await log.append({ entries: [{ index: 1, term: FIRST_TERM, kind: 'normal', data }], hardState });
  logger.log('info', 'founded the group', { group: id, clusterBirth: identity.birth });
}
