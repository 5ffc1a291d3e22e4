import type { Peer } from '@caisson/contracts';
import type { MembershipBook } from '../membership/membership-book.js';

/** The membership in force, and who is told when it changes. */
export class Members {
  #book: MembershipBook;
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

  connect(): void {
    this.#connect(this.#book.peers);
  }
}
