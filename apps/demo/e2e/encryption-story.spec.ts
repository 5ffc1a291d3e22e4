import {
  brokenPromises,
  ClusterPlayground,
  type EncryptionStoryResult,
  findCorpus,
  runEncryptionStory,
  UNEQUIPPED,
} from '../src/index.js';

const LINES = 600;

let playground: ClusterPlayground;
beforeEach(async () => {
  playground = await ClusterPlayground.create({ birth: 'clear', changes: UNEQUIPPED });
});
afterEach(() => playground.remove());

function found({ stages }: EncryptionStoryResult): Record<string, unknown> {
  return Object.fromEntries(
    stages.map(({ stage, search: { areas } }) => {
      const { stores = 0, logs = 0 } = areas;
      return [stage, { inStores: stores > 0, inLogs: logs > 0 }];
    }),
  );
}

test('a cluster goes from clear to sealed, and its first keys to their end, under a client that writes without pause', async () => {
  const corpus = await findCorpus(LINES);
  const tell = (line: string) => void process.stdout.write(`  ${line}\n`);
  const result = await runEncryptionStory({ playground, corpus, stageMs: 300, restMs: 25, tell });
  expect(brokenPromises(result)).toEqual([]);
  const clear = { inStores: true, inLogs: true };
  const none = { inStores: false, inLogs: false };
  expect(found(result)).toEqual({
    clear,
    capability: clear,
    'storage cutover': clear,
    rewrite: { inStores: false, inLogs: true },
    'Raft cutover': none,
    rotation: none,
    'KEK rotation': none,
    'rewrite again': none,
    retirement: none,
  });
}, 600_000);
