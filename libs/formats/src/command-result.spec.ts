import { isCaissonError } from '@caisson/contracts';
import { type CommandOutcome, decodeCommandResults, encodeCommandResults } from './index.js';

const outcomes: readonly CommandOutcome[] = [
  { kind: 'committed', commitTs: 7n << 16n, deleted: 3, more: true },
  { kind: 'refused', code: 'TIMESTAMP_BEHIND', bound: 9n << 16n },
  { kind: 'conflict', keyHash: 0xffff_ffff_ffff_ffffn },
  { kind: 'failed', condition: 2 },
  { kind: 'failed', condition: 0, currentTs: 1n },
];

test('a list of results keeps the refusals of single commands in their places', () => {
  expect(decodeCommandResults(encodeCommandResults(outcomes))).toEqual(outcomes);
});

test('a refusal under a number of no error is malformed', () => {
  const bytes = encodeCommandResults([{ kind: 'refused', code: 'RESULT_EXPIRED', bound: 5n }]);
  bytes[5] = 0xff;
  let caught: unknown;
  try {
    decodeCommandResults(bytes);
  } catch (error) {
    caught = error;
  }
  expect(isCaissonError(caught, 'MESSAGE_MALFORMED')).toBe(true);
});
