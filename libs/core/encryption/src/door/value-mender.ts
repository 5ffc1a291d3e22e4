import {
  CaissonError,
  isCaissonError,
  type Logger,
  type Meter,
  type StoredValues,
  type UntrustedStore,
} from '@caisson/contracts';
import { decodeHeader, TABLE } from '@caisson/formats';
import { isUnreadable, type ValueDoor } from './value-door.js';

export interface ValueMenderParts {
  readonly group: number;
  readonly below: Pick<UntrustedStore, 'batch'>;
  readonly door: ValueDoor;
  readonly logger: Logger;
  readonly meter: Meter | undefined;
}

/**
 * Gets a value that does not open here again from a member that has it, so that one bad value does not stop a
 * node for good.
 *
 * A version never changes once it is written, and its envelope is bound to its key, timestamp and header: one
 * that opens here in the place of the bad one is the value, whoever sent it. So only sealed ones are taken.
 * It is sealed anew and written before apply goes on. To be used by apply alone: nothing else writes
 * meanwhile, so the version cannot have been removed.
 */
export class ValueMender {
  readonly #parts: ValueMenderParts;
  #source: StoredValues | undefined;

  constructor(parts: ValueMenderParts) {
    this.#parts = parts;
  }

  useSource(source: StoredValues): void {
    this.#source = source;
  }

  /** The value, or the refusal it began with where no member could help. */
  async mend(storeKey: Uint8Array, refusal: unknown): Promise<Uint8Array> {
    const source = this.#source;
    if (source === undefined || storeKey[0] !== TABLE.versions || !isUnreadable(refusal)) throw refusal;
    const { group, logger } = this.#parts;
    const told = { group, error: refusal };
    logger.log('warn', 'apply met a value that does not open, and asks the other members for it', told);
    for await (const stored of source.ask(storeKey)) {
      const value = this.#opened(storeKey, stored);
      if (value === undefined) continue;
      await this.#replace(storeKey, value);
      this.#count('mended');
      logger.log('warn', 'the value was replaced by that of another member', told);
      return value;
    }
    this.#count('lost');
    throw new CaissonError(
      refusal.code,
      { ...refusal.details, asked: 'no other member has it' },
      { cause: refusal },
    );
  }

  #opened(storeKey: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
    try {
      if (decodeHeader(stored).state !== 'sealed') return undefined;
      return this.#parts.door.up(storeKey, stored);
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      this.#parts.logger.log('warn', 'what another member sent does not open either', { error });
      return undefined;
    }
  }

  /** Synced: whoever relies on it must not meet the bad one again after a loss of power. */
  async #replace(storeKey: Uint8Array, value: Uint8Array): Promise<void> {
    const { below, door } = this.#parts;
    await below.batch().put(storeKey, door.down(storeKey, value)).write({ sync: true });
  }

  #count(outcome: 'mended' | 'lost'): void {
    const counter = this.#parts.meter?.counter({
      name: 'encryption_unreadable_in_apply_total',
      help: 'Values that apply could not open: fetched again from a member, or lost.',
      labels: ['outcome'],
    });
    counter?.add(1, { outcome });
  }
}
