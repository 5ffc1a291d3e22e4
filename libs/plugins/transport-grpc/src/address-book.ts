import { CaissonError, type Peer } from '@caisson/contracts';
import type { ProvenNode } from './hello.js';

/** How many nodes a node that waits to be let in remembers. */
const VISITORS_MAX = 64;

/**
 * The peers of this node: those it was told of, and while it was told of none, those that proved themselves.
 */
export class AddressBook {
  #peers: ReadonlyMap<bigint, Peer> = new Map();
  readonly #visitors = new Map<bigint, Peer>();
  #isEmpty = true;

  constructor(private readonly ownName: string) {}

  /** All peers in reach, visitors included. */
  get peers(): readonly Peer[] {
    return [...this.#peers.values(), ...this.#visitors.values()];
  }

  get(id: bigint): Peer | undefined {
    return this.#peers.get(id) ?? this.#visitors.get(id);
  }

  /** The id under which the node is known: its own, unless the book says otherwise. */
  idOf({ name, id }: ProvenNode): bigint {
    return this.#named(name)?.id ?? id;
  }

  /** A book with this node alone is not empty: it is the only member and waits for nobody. */
  replace(peers: readonly Peer[]): void {
    this.#isEmpty = peers.length === 0;
    this.#peers = new Map(peers.filter(({ name }) => name !== this.ownName).map((peer) => [peer.id, peer]));
    if (!this.#isEmpty) this.#visitors.clear();
  }

  /** The peer a proven node is, or `PEER_REFUSED`. */
  admit(proven: ProvenNode): Peer {
    const known = this.#named(proven.name);
    if (known) return known;
    if (this.#isEmpty) return this.#welcome(proven);
    const reason = 'it is not a member this node knows of';
    throw new CaissonError('PEER_REFUSED', { by: this.ownName, peer: proven.name, reason });
  }

  #welcome({ id, name, address }: ProvenNode): Peer {
    const former = this.#visitors.get(id);
    if (former?.address === address) return former;
    if (!former && this.#visitors.size >= VISITORS_MAX) {
      const reason = 'too many nodes found this one before it was let in';
      throw new CaissonError('PEER_REFUSED', { by: this.ownName, peer: name, reason });
    }
    const visitor: Peer = { id, name, address };
    this.#visitors.set(id, visitor);
    return visitor;
  }

  #named(name: string): Peer | undefined {
    for (const peer of this.#peers.values()) if (peer.name === name) return peer;
    return undefined;
  }
}
