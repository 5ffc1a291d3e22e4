import { ClusterPlayground, findCorpus, runClusterStory } from '../src/index.js';

const LINES = 20_000;
const LINES_PER_SECOND = 600;

let playground: ClusterPlayground;
beforeEach(async () => void (playground = await ClusterPlayground.create()));
afterEach(() => playground.remove());

test('a cluster loses nothing while members are killed, frozen, added, promoted, given the lead and removed', async () => {
  const corpus = await findCorpus(LINES);
  const result = await runClusterStory({
    playground,
    corpus,
    linesPerSecond: LINES_PER_SECOND,
    tell: () => undefined,
  });
  expect(result).toMatchObject({ lines: LINES, readBackWrong: 0 });
  expect([...result.digests.keys()]).toEqual(['n1', 'n3', 'n4']);
  expect(
    new Set([...result.digests.values()].map(({ position, digest }) => `${position} ${digest}`)).size,
  ).toBe(1);
  for (const { what, acknowledged } of result.chapters)
    expect({ what, acknowledged }).not.toMatchObject({ acknowledged: 0 });
  expect(result.search).toMatchObject({ found: 0 });
  expect(result.search.needles).toBeGreaterThan(LINES / 10);
}, 240_000);
