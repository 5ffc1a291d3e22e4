import { copyBytes } from '@caisson/base';
import type { Random } from '@caisson/contracts';
import type { Case, Harness, Kit } from '../case.js';
import { check, checkEqual } from '../check.js';

/** What the random kit works on. */
export interface RandomHarness extends Harness {
  readonly random: Random;
}

const DRAWS = 3000;

const cases: readonly Case<RandomHarness>[] = [
  {
    id: 'random/gives-as-many-bytes-as-asked',
    because: 'a short key is a weak key',
    async run({ random }) {
      for (const length of [0, 1, 12, 16, 32, 1000, 100_000])
        checkEqual(random.bytes(length).length, length, 'bytes');
    },
  },
  {
    id: 'random/never-repeats-itself',
    because: 'keys, salts and ids are told apart by them',
    async run({ random }) {
      const drawn = Array.from({ length: 200 }, () => random.bytes(16));
      checkEqual(new Set(drawn.map(String)).size, drawn.length, 'different draws of 16 bytes');
    },
  },
  {
    id: 'random/fills-every-byte',
    because: 'a generator that leaves a bit alone halves every key, bit by bit',
    async run({ random }) {
      const bytes = random.bytes(65_536 + 4096);
      const seen = new Set(bytes);
      checkEqual(seen.size, 256, 'different values of a byte');
      const tail = bytes.subarray(65_536);
      check(new Set(tail).size > 200, 'the end of a long draw is as random as its start');
    },
  },
  {
    id: 'random/draws-integers-below-the-bound',
    because: 'an index one past the end reads nothing',
    async run({ random }) {
      checkEqual(random.integer(1), 0, 'an integer below 1');
      const drawn = Array.from({ length: DRAWS }, () => random.integer(10));
      checkEqual([...new Set(drawn)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 'integers below 10');
      const large = Array.from({ length: 100 }, () => random.integer(2 ** 32));
      check(
        large.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32),
        'integers below 2^32',
      );
      check(
        large.some((value) => value >= 2 ** 31),
        'large integers are drawn as well',
      );
    },
  },
  {
    id: 'random/draws-integers-evenly',
    because: 'election timeouts that lean to one side make votes split',
    async run({ random }) {
      const bound = 3 * 2 ** 30;
      const drawn = Array.from({ length: DRAWS }, () => random.integer(bound));
      const low = drawn.filter((value) => value < bound / 3).length;
      check(low > DRAWS / 4 && low < DRAWS / 2.4, 'a third of the draws falls into the lowest third');
    },
  },
  {
    id: 'random/gives-each-caller-its-own-bytes',
    because: 'a caller erases its key, and must not erase another’s',
    async run({ random }) {
      const first = random.bytes(16);
      const kept = copyBytes(first);
      random.bytes(16).fill(0);
      checkEqual(first, kept, 'bytes after another caller changed its own');
    },
  },
];

/** What every source of randomness promises. Whether it can be guessed no kit can tell. */
export const randomKit: Kit<RandomHarness> = { id: 'random', contract: 'Random', cases };
