import { CaissonError } from '@caisson/contracts';
import { campaign, inputOf, judge, type Subject } from './index.js';
import { checksumAtEnd } from './subject.js';

const SOUND: Subject = {
  name: 'toy',
  seeds: [Uint8Array.of(1, 2, 3)],
  decode: (input) => {
    if (input[0] !== 1) throw new CaissonError('CORRUPTION');
    return input.slice(1);
  },
  encode: (value) => Uint8Array.of(1, ...(value as Uint8Array)),
  codes: ['CORRUPTION'],
  manyForms: false,
  covers: [],
};
const failureOf = (subject: Subject, input = Uint8Array.of(1, 2, 3)) => {
  const judgement = judge(subject, input);
  return 'failure' in judgement ? judgement.failure : judgement.outcome;
};

test('a sound decoder passes', () => {
  expect(failureOf(SOUND)).toBe('decoded');
  expect(failureOf(SOUND, Uint8Array.of(2))).toBe('refused');
  expect(campaign({ subjects: [SOUND], inputs: 500, seed: 1 })).toMatchObject([{ inputs: 500, failed: 0 }]);
});

const kept: unknown[] = [];
test.each<[string, Partial<Subject>, RegExp]>([
  ['throws something of its own', { decode: () => [].at(0)!['x'] }, /^throws TypeError/],
  [
    'refuses with the code of another',
    {
      decode: () => {
        throw new CaissonError('INTERNAL');
      },
    },
    /^throws INTERNAL/,
  ],
  ['takes trailing bytes', { decode: (input) => input.slice(1, 2) }, /would not write/],
  ['believes a length', { decode: () => kept.push(new Array(4_000_000).fill(0)) }, /^allocates \d+ bytes/],
  [
    'cannot write what it read',
    {
      encode: () => {
        throw new RangeError('no');
      },
    },
    /^cannot write what it decoded: RangeError/,
  ],
  [
    'reads something else each time',
    {
      manyForms: true,
      decode: () => ({ at: kept.push(0) }),
      encode: (value) => Buffer.from(JSON.stringify(value)),
    },
    /read back/,
  ],
])('a decoder that %s is found', (_what, broken, failure) => {
  expect(failureOf({ ...SOUND, ...broken })).toMatch(failure);
});

test('a decoder that fails is told of with an input that can be made again', () => {
  const broken: Subject = { ...SOUND, decode: () => JSON.parse('{') as unknown };
  const told: number[] = [];
  campaign({
    subjects: [broken],
    inputs: 100,
    seed: 9,
    onFailure: ({ number, input }) => {
      told.push(number);
      expect(inputOf(9, broken, number)).toEqual(input);
    },
  });
  expect(told).toEqual([0, 1, 2, 3, 4]);
});

test('inputs differ by seed, by number and by subject, and are the same each time', () => {
  const texts = [
    inputOf(1, SOUND, 1),
    inputOf(1, SOUND, 2),
    inputOf(2, SOUND, 1),
    inputOf(1, { ...SOUND, name: 'x' }, 1),
  ];
  expect(new Set(texts.map(String)).size).toBeGreaterThan(2);
  expect(inputOf(1, SOUND, 1)).toEqual(inputOf(1, SOUND, 1));
  const mended: Subject = { ...SOUND, mend: checksumAtEnd };
  expect(inputOf(1, mended, 1)).toEqual(inputOf(1, mended, 1));
});
