import { createDeferred, type Deferred } from '@caisson/base';
import { CaissonError, type ProposalSource } from '@caisson/contracts';
import type { ProposalLimits } from '../limits.js';
import { Fifo } from './fifo.js';
import { PendingProposal } from './pending-proposal.js';
import type { ProposalIds } from './proposal-ids.js';

/**
 * How far beyond the limits the system's own proposals may go: users must not be able to keep it from its
 * work.
 */
const SYSTEM_SHARE = 2;

/**
 * Proposals on their way into the log, in the order of the calls.
 *
 * The limits cover a proposal until it is answered, not only until it is taken out here, so that what a slow
 * log or a slow apply makes the node hold is bounded as well.
 */
export class ProposalQueue {
  readonly #limits: ProposalLimits;
  readonly #ids: ProposalIds;
  readonly #waiting = new Fifo<PendingProposal>();
  readonly #release = (proposal: PendingProposal): void => {
    this.#held--;
    this.#bytes -= proposal.payload.length;
    if (this.#held > 0) return;
    this.#emptied?.resolve();
    this.#emptied = undefined;
  };
  #held = 0;
  #bytes = 0;
  #emptied: Deferred<void> | undefined;

  constructor(limits: ProposalLimits, ids: ProposalIds) {
    this.#limits = limits;
    this.#ids = ids;
  }

  /** Proposals that were not taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Proposals without an answer, taken or not. */
  get held(): number {
    return this.#held;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves once every proposal has its answer. */
  async idle(): Promise<void> {
    if (this.#held === 0) return;
    this.#emptied ??= createDeferred<void>();
    await this.#emptied.promise;
  }

  /** Takes its place in the order before it returns, or throws `INVALID_ARGUMENT` or `TOO_MANY_REQUESTS`. */
  offer(payload: Uint8Array, source: ProposalSource): PendingProposal {
    this.#admit(payload.length, source);
    const proposal = new PendingProposal(payload, this.#ids.next(), this.#release);
    this.#held++;
    this.#bytes += payload.length;
    this.#waiting.push(proposal);
    return proposal;
  }

  /** The first proposals, so many that neither limit is passed, but at least one if there is any. */
  take(limits: { readonly entries: number; readonly bytes: number }): readonly PendingProposal[] {
    const taken: PendingProposal[] = [];
    let bytes = 0;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      bytes += next.payload.length;
      if (taken.length > 0 && (taken.length >= limits.entries || bytes > limits.bytes)) break;
      taken.push(next);
      this.#waiting.shift();
    }
    return taken;
  }

  /** Fails what was not taken; answers how many. */
  failWaiting(error: CaissonError): number {
    const failed = this.#waiting.length;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.fail(error);
    return failed;
  }

  /** A payload larger than the whole queue is taken when the queue is empty: it could never be otherwise. */
  #admit(bytes: number, source: ProposalSource): void {
    const { count, bytes: bytesMax, payloadBytes } = this.#limits;
    if (bytes > payloadBytes) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'payload', bytes, limit: payloadBytes });
    }
    const share = source === 'system' ? SYSTEM_SHARE : 1;
    if (this.#held >= count * share) {
      throw new CaissonError('TOO_MANY_REQUESTS', { queue: 'proposals', held: this.#held, limit: count });
    }
    if (this.#held > 0 && this.#bytes + bytes > bytesMax * share) {
      throw new CaissonError('TOO_MANY_REQUESTS', {
        queue: 'proposals',
        bytes: this.#bytes,
        limit: bytesMax,
      });
    }
  }
}
