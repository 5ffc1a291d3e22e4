import { InvariantError } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import { failureOf } from './core-failure.js';

describe('a failure of the core', () => {
  it('that comes of a log which forgot what it confirmed is corruption, with the rule as its cause', () => {
    const cause = new InvariantError('RAFT-11', 'the commit index passed the end of the log');
    expect(failureOf(cause, 7)).toMatchObject({ code: 'CORRUPTION', details: { group: 7 }, cause });
  });

  it('is a bug in every other case, unless it says itself what it is', () => {
    expect(failureOf(new InvariantError('RAFT-9', 'applied'), 7)).toMatchObject({ code: 'INTERNAL' });
    const full = new CaissonError('DISK_FULL', { operation: 'write', path: '/', errno: 'ENOSPC' });
    expect(failureOf(full, 7)).toBe(full);
  });
});
