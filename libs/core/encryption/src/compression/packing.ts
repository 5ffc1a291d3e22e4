import { CaissonError, type Compressor } from '@caisson/contracts';
import { LIMITS } from '@caisson/formats';

/** Below this the envelope outweighs whatever could be saved. */
const WORTH_TRYING_BYTES = 64;
/** How many values are let pass at most, after so many in a row that would not shrink. */
const PASSED_MAX = 63;

export interface PackingParts {
  /** Reads what was packed; absent where the plan has none. */
  readonly compressor: Compressor | undefined;
  /** Whether anything is packed anew. What is stored packed is read either way. */
  readonly isOn: boolean;
}

/**
 * Makes values smaller before they are sealed, and whole again after they are opened.
 *
 * Values that do not shrink, because they are compressed or random already, come in numbers: after each the
 * next few are let pass, more each time, so that trying in vain costs next to nothing. Every replica packs
 * for itself; what comes out again is the same on all.
 */
export class Packing {
  readonly #parts: PackingParts;
  #failures = 0;
  #pass = 0;

  constructor(parts: PackingParts) {
    this.#parts = parts;
  }

  /** `undefined` where the value is better sealed as it is. */
  pack(value: Uint8Array): Uint8Array | undefined {
    const { compressor, isOn } = this.#parts;
    if (!isOn || compressor === undefined || value.length < WORTH_TRYING_BYTES) return undefined;
    if (this.#pass > 0) {
      this.#pass--;
      return undefined;
    }
    const packed = compressor.compress(value);
    const isSmaller = packed.length < value.length;
    this.#failures = isSmaller ? 0 : Math.min(PASSED_MAX, this.#failures + 1);
    this.#pass = this.#failures;
    return isSmaller ? packed : undefined;
  }

  /**
   * The value behind what authenticated as packed. Its stated length is held against the limit of values, and
   * against what is really there, before any memory is taken: `ENVELOPE_MALFORMED` for one that lies.
   */
  unpack(packed: Uint8Array): Uint8Array {
    const { compressor } = this.#parts;
    if (compressor === undefined) throw unreadable('compressed, and this node has no compressor');
    const value = compressor.decompress(packed, LIMITS.valueBytesMax);
    if (value === undefined) throw unreadable('compressed, but no stream of a value');
    return value;
  }
}

/** Neither writes nor reads what is compressed. */
export const noPacking = new Packing({ compressor: undefined, isOn: false });

function unreadable(problem: string): CaissonError {
  return new CaissonError('ENVELOPE_MALFORMED', { layer: 'storage', problem });
}
