import { ClusterPlayground, findCorpus, runClusterStory } from '../src/index.js';

const LINES = 3_000;
const LINES_PER_SECOND = 300;

let playground: ClusterPlayground;
beforeEach(async () => void (playground = await ClusterPlayground.create()));
afterEach(() => playground.remove());

test('a cluster loses nothing while members are killed, frozen, added, promoted, given the lead and removed', async () => {
  const corpus = await findCorpus(LINES);
  const result = await runClusterStory({
    playground,
    corpus,
    linesPerSecond: LINES_PER_SECOND,
    tell: (line) => void process.stdout.write(`  ${line}\n`),
  });
  expect(result).toMatchObject({ lines: LINES, readBackWrong: 0 });
  expect([...result.digests.keys()]).toEqual(['n1', 'n3', 'n4']);
  expect(
    new Set([...result.digests.values()].map(({ position, digest }) => `${position} ${digest}`)).size,
  ).toBe(1);
  const led = result.chapters.filter(({ ledThroughout, isTelling }) => ledThroughout && isTelling);
  expect(led.length).toBeGreaterThan(0);
  for (const { what, acknowledged } of led)
    expect({ what, acknowledged }).not.toMatchObject({ acknowledged: 0 });
  const transfer = result.chapters.find(({ what }) => what === 'the lead goes to n2');
  expect(transfer).toMatchObject({ ledThroughout: false });
  expect(result.search).toMatchObject({ found: 0 });
  expect(result.search.needles).toBeGreaterThan(LINES / 10);
}, 600_000);
