import { isCaissonError, type CaissonError, type ErrorCode } from '@caisson/contracts';

/** Orders may be repeated after these: what is in force already stays, and the rest goes on. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_LEADER',
  'UNAVAILABLE',
  'DRAINING',
  'TOO_MANY_REQUESTS',
  'UNKNOWN_OUTCOME',
  'APPLY_HALTED',
  'ENCRYPTION_NOT_BOOTSTRAPPED',
  'WRITER_NOT_REGISTERED',
  'ENVELOPE_CUTOVER_IN_PROGRESS',
  'TIMESTAMP_BEHIND',
  'CLOCK_CEILING',
]);

/**
 * How often a node may say itself that something is unavailable, such as the node to be let in, which may
 * have been started a moment ago. With the pauses between them these are about ten seconds.
 */
const REFUSALS_MAX = 14;

/** Where an order goes next: to the leader that an answer names, else round all known addresses. */
export class LeaderRoute {
  readonly #known: string[];
  #at = 0;
  #refusals = 0;

  constructor(addresses: readonly string[]) {
    this.#known = [...addresses];
  }

  get address(): string {
    return this.#known[this.#at]!;
  }

  /** Whether it makes sense to go on after `error`; then `address` is where. */
  goesOnAfter(error: unknown): error is CaissonError {
    if (!isCaissonError(error) || !PASSING.has(error.code)) return false;
    const { address } = error.details;
    const place = typeof address === 'string' && address !== '' ? address : undefined;
    const isUnavailable = error.code === 'UNAVAILABLE' && isSaidByNode(error);
    if (isUnavailable && ++this.#refusals > REFUSALS_MAX) return false;
    if (error.code === 'NOT_LEADER' && place !== undefined) this.#goTo(place);
    // A node that cannot reach another one is itself in order, and asked again.
    else if (!isUnavailable || place === undefined) this.#at = (this.#at + 1) % this.#known.length;
    return true;
  }

  #goTo(address: string): void {
    if (!this.#known.includes(address)) this.#known.push(address);
    this.#at = this.#known.indexOf(address);
  }
}

/** Errors this side makes of a broken connection carry the status of the transport. */
function isSaidByNode({ details }: CaissonError): boolean {
  return details['grpc'] === undefined;
}
