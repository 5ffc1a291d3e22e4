import type { Clock, Random } from '@caisson/contracts';
import { SALT_BYTES } from '@caisson/formats';

const USE_MS_MAX = 60_000;
/** How far wall clock and monotonic clock may drift apart between two uses before it counts as a jump. */
const JUMP_MS = 5_000;
/** 90 % of 2^32 blocks of 16 bytes: 64 GiB, where the advantage against one key is far below 2^-50. */
const BLOCKS_MAX = Math.floor(0.9 * 2 ** 32);
const BLOCK_BYTES = 16;

export interface SaltSourceParts {
  readonly random: Random;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
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

  constructor(parts: SaltSourceParts) {
    this.#parts = parts;
    this.#salt = parts.random.bytes(SALT_BYTES);
    this.#drawnMs = parts.clock.monotonicMs();
    this.#lead = parts.clock.nowMs() - this.#drawnMs;
  }

  /** For a plaintext of so many bytes. */
  next(bytes: number): Uint8Array {
    const { clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const lead = clock.nowMs() - nowMs;
    this.#blocks += 1 + Math.ceil(bytes / BLOCK_BYTES);
    const isJump = Math.abs(lead - this.#lead) > JUMP_MS;
    if (isJump || nowMs - this.#drawnMs >= USE_MS_MAX || this.#blocks > BLOCKS_MAX) this.#draw(nowMs, bytes);
    this.#lead = lead;
    return this.#salt;
  }

  #draw(nowMs: number, bytes: number): void {
    this.#salt = this.#parts.random.bytes(SALT_BYTES);
    this.#drawnMs = nowMs;
    this.#blocks = 1 + Math.ceil(bytes / BLOCK_BYTES);
  }
}
