import { damage, diskFault } from './faults.js';

const step = { operation: 'write', path: '/data/db' };

test.each([
  ['IO error: While appending to file: No space left on device', 'DISK_FULL', 'ENOSPC'],
  ['IO error: While appending to file: Disk quota exceeded', 'DISK_FULL', 'EDQUOT'],
  ['EROFS: read-only file system, open', 'DISK_READ_ONLY', 'EROFS'],
  ['IO error: While open a file: Permission denied', 'DISK_READ_ONLY', 'EACCES'],
  ['IO error: While lock file: /db/LOCK: Try again', 'DIRECTORY_LOCKED', 'EWOULDBLOCK'],
  ['IO error: lock hold by current process: /db/LOCK', 'DIRECTORY_LOCKED', 'EWOULDBLOCK'],
  ['Corruption: block checksum mismatch', 'CORRUPTION', undefined],
  ['Invalid argument: /data/db: does not exist (create_if_missing is false)', 'CORRUPTION', undefined],
  ['Not implemented: an unknown table format', 'CORRUPTION', undefined],
  ['IO error: While open a file: /db/8.sst: No such file or directory', 'CORRUPTION', 'ENOENT'],
  ['IO error: While pread offset 0 len 1: /db/8.sst: Input/output error', 'DISK_ERROR', 'EIO'],
])('"%s" is %s', (message, code, errno) => {
  const cause = new TypeError(message);
  const fault = diskFault(cause, step);
  expect(fault).toMatchObject({ code, cause });
  expect(fault.details).toEqual(errno === undefined ? step : { ...step, errno });
});

test('what no pattern knows is a failing disk with the number the system gave', () => {
  expect(diskFault(Object.assign(new TypeError('odd'), { code: 'EBADF' }), step)).toMatchObject({
    code: 'DISK_ERROR',
    details: { errno: 'EBADF' },
  });
  for (const odd of [new TypeError('odd'), null, undefined, {}])
    expect(diskFault(odd, step)).toMatchObject({ code: 'DISK_ERROR', details: { errno: 'EIO' } });
});

test('damage names the place and the problem', () => {
  expect(damage('/data/head', 'is torn')).toMatchObject({
    code: 'CORRUPTION',
    details: { path: '/data/head', problem: 'is torn' },
  });
});
