import type { CaissonError } from '@caisson/contracts';

/** Where a call wants to go: to the leader, to any node, or to a node the client was given. */
export type Destination = 'leader' | 'any' | 'given';

/** How long a node that could not be reached is passed over where there is another. */
const SUSPECT_MS = 1_000;
/** Nodes that others named, beside those the client was given. */
const LEARNED_MAX = 16;
const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/;

/**
 * Which node a call goes to, from what answers and failures said so far. Knows addresses, opens nothing.
 *
 * The leader is what a node named last, or who took the last write. While nobody is known to lead, calls go
 * round the nodes that are not suspect.
 */
export class Routes {
  readonly #given: readonly string[];
  readonly #learned: string[] = [];
  readonly #suspects = new Map<string, number>();
  readonly #now: () => number;
  #leader: string | undefined;
  #at = 0;

  constructor(addresses: readonly string[], now: () => number = () => performance.now()) {
    this.#given = [...new Set(addresses)];
    this.#now = now;
  }

  /** Every address a call may go to. */
  get known(): readonly string[] {
    return [...this.#given, ...this.#learned];
  }

  get leader(): string | undefined {
    return this.#leader;
  }

  pick(destination: Destination): string {
    if (destination === 'leader' && this.#leader !== undefined) return this.#leader;
    const address = this.#next(destination === 'given' ? this.#given : this.known);
    if (destination === 'any') this.#at += 1;
    return address;
  }

  /** A node answered. Only a leader takes changes. */
  answered(address: string, { tookChange }: { readonly tookChange: boolean }): void {
    this.#suspects.delete(address);
    if (tookChange) this.#leader = address;
  }

  /** Whether the next pick is another node worth asking at once. */
  failed(address: string, { code, details }: CaissonError): boolean {
    if (code === 'NOT_LEADER') return this.#follow(address, details['address']);
    const isLost = code === 'UNAVAILABLE' || code === 'APPLY_HALTED';
    if (isLost) this.#suspects.set(address, this.#now() + SUSPECT_MS);
    if (!isLost && code !== 'DRAINING' && code !== 'UNKNOWN_OUTCOME') return false;
    this.#leave(address);
    return code !== 'UNKNOWN_OUTCOME' && !this.#isSuspect(this.#next(this.known)) && this.known.length > 1;
  }

  #follow(from: string, to: unknown): boolean {
    if (typeof to !== 'string' || !ADDRESS.test(to) || to === from) {
      this.#leave(from);
      return false;
    }
    this.#learn(to);
    this.#leader = to;
    return !this.#isSuspect(to);
  }

  /** Passes the node over; many calls that fail on it together move on by one. */
  #leave(address: string): void {
    if (this.#leader === address) this.#leader = undefined;
    const { known } = this;
    if (known[this.#at % known.length] === address) this.#at += 1;
  }

  #next(addresses: readonly string[]): string {
    for (let offset = 0; offset < addresses.length; offset++) {
      const address = addresses[(this.#at + offset) % addresses.length]!;
      if (!this.#isSuspect(address)) return address;
    }
    return addresses[this.#at % addresses.length]!;
  }

  #isSuspect(address: string): boolean {
    return (this.#suspects.get(address) ?? 0) > this.#now();
  }

  #learn(address: string): void {
    if (this.known.includes(address)) return;
    this.#learned.push(address);
    if (this.#learned.length > LEARNED_MAX) this.#learned.shift();
  }
}
