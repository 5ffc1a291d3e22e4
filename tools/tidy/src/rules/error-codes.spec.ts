import { print } from '../rule.js';
import { realErrorCodes } from './error-codes.js';

const { check } = realErrorCodes(['DISK_FULL'], ['DATA_LOSS']);
const inGuide = (text: string) => check([{ path: 'docs/guides/operate.md', text }]).map(print);

describe('error codes in documents', () => {
  it.each(['`DISK_FULL`', '`DATA_LOSS`', '`CAISSON_TOKEN`', '`UTF8`', 'LOOSE_WORDS', '`entryBytesMax`'])(
    'may be %s',
    (text) => {
      expect(inGuide(text)).toEqual([]);
    },
  );

  it('must be in the catalogue', () => {
    expect(inGuide('First.\nIt fails with `DISC_FULL`.')).toEqual([
      'docs/guides/operate.md:2 names DISC_FULL, which is no error code',
    ]);
  });
});
