import { override, SeededRandom } from '@caisson/compliance';
import type { Random } from '@caisson/contracts';
import { runSeals } from '../profiles/seals.js';
import { CRASH_PLANTS } from './crashes.js';
import type { Plant } from './plants.js';

const SEALS = { seed: 1, seals: 60_000 };

function withTheSameBytes(sound: Random): Random {
  const same = new SeededRandom(7);
  return override(sound, { bytes: (length) => same.bytes(length) });
}

/** Bugs that disks bring to light: put back, cloned, or gone in part. */
export const DISK_PLANTS: Readonly<Record<string, Plant>> = {
  ...CRASH_PLANTS,
  'draws-the-same-salts': {
    about: 'every process begins with the same randomness, as after a copy of its memory',
    breaks: ['E1'],
    make: () => ({ random: withTheSameBytes }),
    hunt: async (plants) => (await runSeals({ ...SEALS, plants })).findings,
  },
};
