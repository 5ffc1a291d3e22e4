import { override, SeededRandom } from '@caisson/compliance';
import type { Random } from '@caisson/contracts';
import type { Plant } from './plants.js';

function withTheSameBytes(sound: Random): Random {
  const same = new SeededRandom(7);
  return override(sound, { bytes: (length) => same.bytes(length) });
}

/** Bugs that disks bring to light: put back, cloned, or gone in part. */
export const DISK_PLANTS: Readonly<Record<string, Plant>> = {
  'draws-the-same-salts': {
    about: 'every process begins with the same randomness, as after a copy of its memory',
    breaks: ['E1'],
    make: () => ({ random: withTheSameBytes }),
  },
};
