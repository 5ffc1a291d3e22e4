import type { Peer } from '@caisson/contracts';
import type { MembershipBook } from '../membership/membership-book.js';

/** The membership in force, and who is told when it changes. */
export class Members {
  #book: MembershipBook;
  /** Nodes that entries not applied here have let in, by their own word, and as of which index. */
  #met: readonly { readonly peer: Peer; readonly index: number }[] = [];
  readonly #connect: (peers: readonly Peer[]) => void;

  constructor(book: MembershipBook, connect: (peers: readonly Peer[]) => void) {
    this.#book = book;
    this.#connect = connect;
  }

  get book(): MembershipBook {
    return this.#book;
  }

  /** Puts a book in force and its addresses with the transport. */
  replace(book: MembershipBook): void {
    this.#book = book;
    this.connect();
  }

  /**
   * Lets a node be talked to that the book does not know, or knows elsewhere, until the book has come as far
   * as the node's own. Answers false where it is as far already: then the book is right.
   */
  meet(peer: Peer, index: number): boolean {
    // Before there is any book everybody is taken as it is.
    if (this.#book.members.length === 0) return true;
    if (index <= this.#book.row.index) return false;
    this.#met = [...this.#met.filter((met) => met.peer.id !== peer.id), { peer, index }];
    this.connect();
    return true;
  }

  connect(): void {
    this.#met = this.#met.filter(({ index }) => index > this.#book.row.index);
    const peers = new Map(this.#book.peers.map((peer) => [peer.id, peer]));
    for (const { peer } of this.#met) peers.set(peer.id, peer);
    this.#connect([...peers.values()]);
  }
}
