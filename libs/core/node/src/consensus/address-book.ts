import type { Peer, RaftTransport } from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';

/** The peers of all groups of a process, as one book for the transport they share. */
export class AddressBook {
  readonly #name: string;
  readonly #transport: Pick<RaftTransport, 'address' | 'connect'> | undefined;
  readonly #byGroup = new Map<number, readonly Peer[]>();

  constructor(name: string, transport: Pick<RaftTransport, 'address' | 'connect'> | undefined) {
    this.#name = name;
    this.#transport = transport;
  }

  /** The members of one group, this node among them if it is one. */
  connect(group: number, peers: readonly Peer[]): void {
    this.#byGroup.set(group, peers);
    const transport = this.#transport;
    if (transport === undefined) return;
    const book = new Map([...this.#byGroup.values()].flat().map((peer) => [peer.id, peer]));
    transport.connect([...book.values()].map((peer) => this.#reachable(peer, transport.address)));
  }

  /** Its own address a node knows best, also while the members know an older one or none. */
  #reachable(peer: Peer, address: string): Peer {
    return peer.id === fullNodeId(this.#name) ? { ...peer, address } : peer;
  }
}
