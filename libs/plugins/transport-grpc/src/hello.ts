import { CaissonError, type NodeIdentity } from '@caisson/contracts';
import { equalBytes } from '@caisson/base';
import { fullNodeId, type peerProto } from '@caisson/formats';

/** The protocol versions a build speaks. */
export interface ProtocolRange {
  readonly min: number;
  readonly max: number;
}

export const PROTOCOL: ProtocolRange = { min: 1, max: 1 };

const BUILD = '0.1.0';
const NAME_BYTES_MAX = 128;
const ADDRESS_LENGTH_MAX = 512;

/** What a Hello that passed every check says of its node. */
export interface ProvenNode {
  readonly name: string;
  readonly id: bigint;
  /** As the node states it. */
  readonly address: string;
  /** The protocol version both speak. */
  readonly protocol: number;
}

/** Says who this node is, and checks who others are. */
export class Greeter {
  constructor(
    private readonly self: Pick<NodeIdentity, 'name' | 'clusterId'>,
    private readonly address: string,
    private readonly range: ProtocolRange,
  ) {}

  helloTo(to: string): peerProto.Hello {
    const { name, clusterId } = this.self;
    const { min: protocolMin, max: protocolMax } = this.range;
    const { address } = this;
    return { protocolMin, protocolMax, clusterId, name, id: fullNodeId(name), address, build: BUILD, to };
  }

  /**
   * The node behind a Hello, or the error it is refused with. `certified` are the names of the certificate
   * it showed; `undefined` without TLS, and where they were checked already.
   */
  check(hello: peerProto.Hello | undefined, certified?: readonly string[]): ProvenNode {
    if (!hello) throw new CaissonError('MESSAGE_MALFORMED', { field: 'hello' });
    const protocol = this.#commonVersion(hello);
    if (!equalBytes(hello.clusterId, this.self.clusterId)) {
      throw new CaissonError('CLUSTER_MISMATCH', { node: this.self.name });
    }
    const reason = this.#reasonAgainst(hello, certified);
    if (reason !== undefined) {
      throw new CaissonError('PEER_REFUSED', { by: this.self.name, peer: shortened(hello.name), reason });
    }
    const { name, id, address } = hello;
    return { name, id, address, protocol };
  }

  /** As `check`, for the answer of the node that was meant to be called `expected`. */
  checkAnswer(hello: peerProto.Hello | undefined, expected: string): ProvenNode {
    const proven = this.check(hello);
    if (proven.name === expected) return proven;
    const reason = 'another node answers';
    throw new CaissonError('PEER_REFUSED', { by: this.self.name, peer: expected, reason });
  }

  #commonVersion({ protocolMin, protocolMax }: peerProto.Hello): number {
    const common = Math.min(protocolMax, this.range.max);
    if (common >= this.range.min && common >= protocolMin) return common;
    const { min, max } = this.range;
    const theirs = `${protocolMin}-${protocolMax}`;
    throw new CaissonError('PROTOCOL_MISMATCH', { node: this.self.name, ours: `${min}-${max}`, theirs });
  }

  #reasonAgainst(hello: peerProto.Hello, certified: readonly string[] | undefined): string | undefined {
    const { name, id, to, address } = hello;
    if (to !== this.self.name) return 'another node was meant';
    if (name === this.self.name) return 'it has the name of this node';
    if (name === '' || Buffer.byteLength(name) > NAME_BYTES_MAX) return 'its name is empty or too long';
    if (id !== fullNodeId(name)) return 'its id does not belong to its name';
    if (address.length > ADDRESS_LENGTH_MAX) return 'its address is too long';
    if (certified && !certified.includes(name)) return 'its certificate does not carry its name';
    return undefined;
  }
}

function shortened(name: string): string {
  return name.slice(0, NAME_BYTES_MAX);
}
