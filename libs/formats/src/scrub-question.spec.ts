import { CaissonError } from '@caisson/contracts';
import fc from 'fast-check';
import { codec, index, judgeCodecs, u64 } from '../testdata/hostile.js';
import * as formats from './index.js';

const stage = fc.constantFrom('waiting' as const, 'log' as const, 'store' as const, 'done' as const);

judgeCodecs([
  codec('scrub question', 'MESSAGE_MALFORMED', fc.record({ group: index, id: u64, through: index }), [
    formats.encodeScrubQuestion,
    formats.decodeScrubQuestion,
  ]),
  codec('scrub answer', 'MESSAGE_MALFORMED', fc.record({ stage }), [
    formats.encodeScrubAnswer,
    // Of an error's details there is more than one text.
    (input) => {
      const answer = formats.decodeScrubAnswer(input);
      if (answer.stage !== 'failed') return { stage: answer.stage };
      throw new CaissonError('MESSAGE_MALFORMED');
    },
  ]),
]);

test('a failure comes back with its error', () => {
  const error = new CaissonError('DISK_FULL', { path: '/data' });
  const answer = formats.encodeScrubAnswer({ stage: 'failed', error });
  expect(formats.decodeScrubAnswer(answer)).toMatchObject({
    stage: 'failed',
    error: { code: 'DISK_FULL', details: { path: '/data' } },
  });
});
