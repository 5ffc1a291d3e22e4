import { encodeKeyReferencesQuestion } from '@caisson/formats';
import { Cluster, type TestNode } from './testdata/cluster.js';

let cluster: Cluster;
beforeEach(async () => void (cluster = await Cluster.of(2)));
afterEach(() => cluster.dispose());

/** What comes of the question when `from` asks n2. */
function asked(from: TestNode, group = 1): Promise<string> {
  const question = encodeKeyReferencesQuestion({ group, keyId: 7 });
  const asking = from.transport!.ask(
    { name: 'n2', address: 'n2:7000' },
    question,
    AbortSignal.timeout(60_000),
  );
  const outcome = asking.then(
    () => 'answered',
    ({ code }: { code: string }) => code,
  );
  return cluster.settled(outcome);
}

test('members may ask what a member has under a key, strangers may not', async () => {
  const stranger = cluster.prepare('n9', { joined: true });
  await stranger.start();
  expect(await asked(stranger)).toBe('PEER_REFUSED');
  // These nodes seal nothing, which is what they say.
  expect(await asked(cluster.node('n1'))).toBe('UNIMPLEMENTED');
});

test('a group that is not there is asked for in vain', async () => {
  expect(await asked(cluster.node('n1'), 2)).toBe('UNAVAILABLE');
});

test('a member that is cut off does not answer from what it has', async () => {
  cluster.network.isolate('n2');
  const counting = cluster.node('n2').group.keyReferences!(7);
  await expect(cluster.settled(counting)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
