import type {
  DataDirectory,
  EncryptionService,
  EncryptionStatus,
  GroupStatus,
  Health,
  Member,
  ReplicationEngine,
} from '@caisson/contracts';
import type { proto } from '@caisson/formats';

export interface StatusParts {
  readonly directory: DataDirectory;
  readonly engine: ReplicationEngine;
  readonly encryption: EncryptionService;
  readonly health: Health;
}

/** What the `Status` method answers: who the node is, how far its groups are, and its keys by number. */
export function nodeStatus(
  { directory, engine, encryption, health }: StatusParts,
  version: string,
): proto.StatusResponse {
  const { name, clusterId } = directory.identity;
  return {
    version,
    nodeName: name,
    clusterId,
    ready: health.phase === 'ready',
    groups: engine.groups.map((id) => groupStatus(engine.group(id).status())),
    encryption: encryptionStatus(encryption.status()),
  };
}

/** A group as messages say it. Unknown texts are empty. */
export function groupStatus(status: GroupStatus): proto.GroupStatus {
  const { id, applied, durable, leads, leader, leadership, members, halted, refused } = status;
  return {
    id: BigInt(id),
    applied: BigInt(applied),
    durable: BigInt(durable),
    leads,
    leader: leader ?? '',
    leadership: BigInt(leadership),
    members: members.map(memberStatus),
    halted: halted ?? '',
    refused: BigInt(refused),
  };
}

function memberStatus({ name, role, address, clientAddress, progress }: Member): proto.Member {
  return {
    name,
    learner: role === 'learner',
    address: address ?? '',
    clientAddress: clientAddress ?? '',
    progress: progress && { ...progress, matched: BigInt(progress.matched) },
  };
}

/** The encryption of a node as messages say it. */
export function encryptionStatus(status: EncryptionStatus): proto.EncryptionStatus {
  const { enabled, birth, envelopeVersion, fullNodeId, keys, groups } = status;
  return {
    enabled,
    bornEncrypted: birth === 'encrypted',
    envelopeVersion,
    fullNodeId,
    keys: keys.map(({ values, ...key }) => ({
      ...key,
      values: values === undefined ? undefined : BigInt(values),
    })),
    groups: groups.map((group) => ({
      group: BigInt(group.group),
      bootstrapped: group.bootstrapped,
      storageEnvelopeActive: group.storageEnvelopeActive,
      storageEnvelopeCutoverIndex: BigInt(group.storageEnvelopeCutoverIndex),
      raftEnvelopeCutoverIndex: BigInt(group.raftEnvelopeCutoverIndex),
      registered: group.registered,
    })),
  };
}
