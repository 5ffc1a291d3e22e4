import type { Peer, RaftReceiver } from '@caisson/contracts';
import type { Lane } from '../wire/lane.js';
import type { Lifeline } from './lifeline.js';

/** Who a node proves to be. */
export interface NodeIdentity extends Peer {
  readonly clusterId: string;
}

/** A connection comes in, with its two directions as the one who is called has them. */
type OnCaller = (
  lanes: { readonly out: Lane; readonly incoming: Lane },
  remote: string,
  lifeline: Lifeline,
) => void;

/**
 * Where one run of a node meets the network. A node that starts again has another port: nothing that was
 * under way to or from the old one reaches anybody.
 */
export class Port {
  readonly identity: NodeIdentity;
  receiver: RaftReceiver | undefined;
  /** Who takes connections, where the node speaks for itself. */
  onCaller: OnCaller | undefined;
  isAlive = true;
  /** How the process behind it gets to what arrives: at once, unless it hangs or is slow. */
  run: (task: () => void) => void = (task) => task();
  #book: ReadonlyMap<bigint, Peer> | undefined;
  readonly #met = new Map<bigint, Peer>();

  constructor(identity: NodeIdentity) {
    this.identity = identity;
  }

  replaceBook(peers: readonly Peer[]): void {
    this.#met.clear();
    this.#book = peers.length === 0 ? undefined : new Map(peers.map((peer) => [peer.id, peer]));
  }

  /** The peer called `id`: of the book, or one that came while there is none. Never the node itself. */
  find(id: bigint): Peer | undefined {
    return id === this.identity.id ? undefined : (this.#book ?? this.#met).get(id);
  }

  /** The hello of `other`: whether it is let in. Without a book it is remembered under its own address. */
  admits(other: NodeIdentity): boolean {
    if (other.clusterId !== this.identity.clusterId) return false;
    if (this.#book === undefined) this.#met.set(other.id, other);
    return this.find(other.id)?.name === other.name;
  }
}
