import { randomFillSync, randomInt } from 'node:crypto';
import { invariant } from '@caisson/base';
import type { Random } from '@caisson/contracts';

const U32_RANGE = 2 ** 32;

/** The system's CSPRNG, without bias. */
export class NodeRandom implements Random {
  bytes(length: number): Uint8Array {
    return randomFillSync(new Uint8Array(length));
  }

  integer(below: number): number {
    const fits = Number.isInteger(below) && below >= 1 && below <= U32_RANGE;
    invariant('PLATFORM-1', fits, 'a random integer was asked for outside 1..2^32');
    return randomInt(below);
  }
}
