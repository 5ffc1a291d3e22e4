import { brokenPromises } from './encryption-story.js';

test('what the story did not keep is named', () => {
  const lap = { seconds: 1, writes: 99, failed: 1, p99Ms: 5 };
  const search = { found: 3, needles: 9, bytesSearched: 100, areas: { logs: 3 } };
  const digests = new Map([['n1', { group: 1, position: 5, digest: 'a' }]]);
  expect(
    brokenPromises({
      stages: [{ stage: 'Raft cutover', ...lap, search, isKept: false }],
      writes: 99,
      failures: new Map([['UNAVAILABLE', 1]]),
      firstKeys: ['erased', 'retiring'],
      readBackWrong: 2,
      digests,
    }),
  ).toEqual([
    'disks after Raft cutover',
    'failed operations',
    'values read back',
    'first keys',
    'one state on every member',
  ]);
});
