import type { Clock, Random } from '@caisson/contracts';
import { SALT_BYTES } from '@caisson/formats';
import { BLOCK_BYTES, blocksOf, USAGE_LIMITS } from '../usage/usage-limits.js';

const USE_MS_MAX = 60_000;
/** How far wall clock and monotonic clock may drift apart between two uses before it counts as a jump. */
const JUMP_MS = 5_000;
/** Of the limit of a salt, since draws take effect with the next message. */
const SHARE = 0.9;

export interface SaltSourceParts {
  readonly random: Random;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** How much one salt may seal, in bytes. */
  readonly saltLimit?: number | undefined;
}

/**
 * The salt under which this process seals with one DEK.
 *
 * Drawn when the process begins to use the key, and again after a minute of use, when the clock jumps (the
 * process may have been cloned or put back), and long before a key has sealed too much. It is stored nowhere
 * but in envelopes: counters that a disk remembers wrongly meet a key that was never used before.
 */
export class SaltSource {
  readonly #parts: SaltSourceParts;
  #salt: Uint8Array;
  #drawnMs: number;
  #lead: number;
  #blocks = 0;
  readonly #blocksMax: number;

  constructor(parts: SaltSourceParts) {
    this.#parts = parts;
    this.#blocksMax = Math.floor((SHARE * (parts.saltLimit ?? USAGE_LIMITS.salt)) / BLOCK_BYTES);
    this.#salt = parts.random.bytes(SALT_BYTES);
    this.#drawnMs = parts.clock.monotonicMs();
    this.#lead = parts.clock.nowMs() - this.#drawnMs;
  }

  /** For a plaintext of so many bytes. */
  next(bytes: number): Uint8Array {
    const { clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const lead = clock.nowMs() - nowMs;
    this.#blocks += blocksOf(bytes);
    const isJump = Math.abs(lead - this.#lead) > JUMP_MS;
    const isOld = nowMs - this.#drawnMs >= USE_MS_MAX;
    if (isJump || isOld || this.#blocks > this.#blocksMax) this.#draw(nowMs, bytes);
    this.#lead = lead;
    return this.#salt;
  }

  #draw(nowMs: number, bytes: number): void {
    this.#salt = this.#parts.random.bytes(SALT_BYTES);
    this.#drawnMs = nowMs;
    this.#blocks = blocksOf(bytes);
  }
}
