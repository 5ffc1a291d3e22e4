import { CaissonError, type ScrubOrder, type ScrubState, toCaissonError } from '@caisson/contracts';

/** Does the work of one order, and says when it comes to its next part. */
export type ScrubWork = (
  order: ScrubOrder,
  onStage: (stage: 'log' | 'store') => void,
  signal: AbortSignal,
) => Promise<void>;

/** So many orders are remembered; whoever gave an older one does not ask any more. */
const REMEMBERED = 16;

/**
 * Orders to free the files of one group, carried out one after the other, whoever asks how far they are. An
 * order that failed is carried out again when it is given again.
 */
export class ScrubOrders {
  readonly #work: ScrubWork;
  readonly #states = new Map<bigint, ScrubState>();
  readonly #control = new AbortController();
  #last: Promise<void> = Promise.resolve();

  constructor(work: ScrubWork) {
    this.#work = work;
  }

  /** Begins it, or says how far it is. A failure is told once. */
  stateOf(order: ScrubOrder): ScrubState {
    const known = this.#states.get(order.id);
    if (known?.stage === 'failed') this.#states.delete(order.id);
    if (known !== undefined) return known;
    const begun: ScrubState = { stage: 'waiting' };
    this.#remember(order.id, begun);
    this.#last = this.#last.then(() => this.#carryOut(order));
    return begun;
  }

  /** Leaves what is under way as it is; resolves once nothing is. */
  async stop(): Promise<void> {
    this.#control.abort(new CaissonError('DRAINING'));
    await this.#last;
  }

  async #carryOut(order: ScrubOrder): Promise<void> {
    const { signal } = this.#control;
    const onStage = (stage: 'log' | 'store') => this.#remember(order.id, { stage });
    try {
      signal.throwIfAborted();
      await this.#work(order, onStage, signal);
      this.#remember(order.id, { stage: 'done' });
    } catch (error) {
      this.#remember(order.id, { stage: 'failed', error: toCaissonError(error) });
    }
  }

  #remember(id: bigint, state: ScrubState): void {
    this.#states.set(id, state);
    for (const old of this.#states.keys()) {
      if (this.#states.size <= REMEMBERED) break;
      if (old !== id) this.#states.delete(old);
    }
  }
}
