import { isCaissonError, type ReadView, type StateLease } from '@caisson/contracts';
import { readAppliedIndex } from '../state/read-state.js';
import { countUnder, type Turns } from './values-under.js';

interface Open {
  readonly kind: StateLease['kind'];
  /** Absent for a state that is not whole yet. */
  readonly view: ReadView | undefined;
}

/**
 * States of a group that somebody reads or receives right now. What is in them is stored somewhere else soon,
 * so it counts like what is stored here.
 */
export class StateLeases {
  readonly #open = new Set<Open>();

  /** Lasts until the function it returns is called; calling that again is harmless. */
  begin(kind: StateLease['kind'], view?: ReadView): () => void {
    const lease = { kind, view };
    this.#open.add(lease);
    return () => void this.#open.delete(lease);
  }

  /** Those that did not end meanwhile. */
  async under(keyId: number, clock: Turns, signal?: AbortSignal): Promise<readonly StateLease[]> {
    const found: StateLease[] = [];
    for (const lease of [...this.#open]) {
      const counted = await this.#count(lease, keyId, clock, signal);
      if (counted !== undefined && this.#open.has(lease)) found.push(counted);
    }
    return found;
  }

  async #count(
    { kind, view }: Open,
    keyId: number,
    clock: Turns,
    signal: AbortSignal | undefined,
  ): Promise<StateLease | undefined> {
    if (view === undefined) return { kind, index: 0 };
    try {
      const { values, intents, unreadable } = await countUnder({ view, clock }, keyId, signal);
      return { kind, index: await readAppliedIndex(view), values: values + intents + unreadable };
    } catch (error) {
      if (isCaissonError(error, 'STORE_CLOSED')) return undefined;
      throw error;
    }
  }
}
