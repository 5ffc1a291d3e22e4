import { EMPTY_BYTES, equalBytes } from '@caisson/base';
import {
  type Applier,
  type ApplierGroup,
  type ApplyEntry,
  type ApplyOutcome,
  CaissonError,
  type GroupApplier,
  type MemberAddresses,
  type NodeIdentity,
  type StoreBatch,
} from '@caisson/contracts';
import {
  decodeGenesis,
  encodeGenesis,
  encodeMembership,
  type Founder,
  fullNodeId,
  type Genesis,
  OPCODES,
  SYSTEM_KEYS,
} from '@caisson/formats';

const NOWHERE: MemberAddresses = Object.freeze({ address: '', clientAddress: '' });

/**
 * The first entry with data of a group: which cluster and group the log belongs to, and who founded it.
 * Addresses may be told later, by a change of membership.
 */
export function genesisPayload(
  { clusterId, format, name }: NodeIdentity,
  group: number,
  { address, clientAddress }: MemberAddresses = NOWHERE,
): Uint8Array {
  return encodeGenesis({ clusterId, group, format, founder: { name, address, clientAddress } });
}

/**
 * Records in the replicated state what genesis says, and the founder as the only voter. A log of another
 * cluster or group halts before it changes anything; a second genesis of the same one changes nothing.
 *
 * Genesis of wire 1 names no founder: the node that founds its groups takes itself for it, as it always did.
 * A node that joined cannot tell, and halts rather than count somebody's votes.
 */
export function genesisApplier(identity: () => NodeIdentity): Applier {
  return {
    id: 'genesis',
    opcodes: [{ first: OPCODES.genesis, last: OPCODES.genesis, alone: true }],
    open: (group) => Promise.resolve(new GenesisApplier(identity(), group)),
  };
}

class GenesisApplier implements GroupApplier {
  readonly #identity: NodeIdentity;
  readonly #group: ApplierGroup;

  constructor(identity: NodeIdentity, group: ApplierGroup) {
    this.#identity = identity;
    this.#group = group;
  }

  async apply(entry: ApplyEntry, batch: StoreBatch): Promise<ApplyOutcome> {
    const genesis = decodeGenesis(entry.payload);
    const { clusterId, format } = this.#identity;
    if (!equalBytes(genesis.clusterId, clusterId)) {
      throw new CaissonError('CLUSTER_MISMATCH', {
        group: entry.group,
        problem: 'the log began in another cluster',
      });
    }
    if (genesis.group !== this.#group.id) {
      throw new CaissonError('CLUSTER_MISMATCH', { group: this.#group.id, recorded: genesis.group });
    }
    if (genesis.format > format) {
      throw new CaissonError('DIRECTORY_FORMAT', { format: genesis.format, supported: format });
    }
    const recorded = await this.#group.store.get(SYSTEM_KEYS.clusterId);
    if (recorded === undefined) {
      batch.put(SYSTEM_KEYS.clusterId, clusterId);
      batch.put(SYSTEM_KEYS.membership, founderAlone(this.#founder(genesis), entry.index));
    } else if (!equalBytes(recorded, clusterId)) {
      throw new CaissonError('CLUSTER_MISMATCH', {
        group: entry.group,
        problem: 'the store holds another cluster',
      });
    }
    return { kind: 'applied', result: EMPTY_BYTES };
  }

  written(): void {}

  #founder(genesis: Genesis): Founder {
    const { name, joined } = this.#identity;
    if (genesis.founder !== undefined) return genesis.founder;
    if (joined === true) {
      throw new CaissonError('ENTRY_MALFORMED', {
        group: this.#group.id,
        field: 'founder',
        problem: 'is not named: an entry of a build before clusters',
      });
    }
    return { name, ...NOWHERE };
  }
}

function founderAlone(founder: Founder, index: number): Uint8Array {
  const id = fullNodeId(founder.name);
  return encodeMembership({
    index,
    voters: [id],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
    peers: [{ id, ...founder }],
  });
}
