import type { ScrubState } from '@caisson/contracts';
import { decodeScrubAnswer, encodeScrubQuestion } from '@caisson/formats';
import { Cluster, type TestNode } from './testdata/cluster.js';

let cluster: Cluster;
beforeEach(async () => void (cluster = await Cluster.of(3)));
afterEach(() => cluster.dispose());

const startOf = ({ log }: TestNode) => log!.start.index;

async function done(state: () => ScrubState | Promise<ScrubState>): Promise<void> {
  await cluster.until(async () => (await state()).stage === 'done');
}

/** As another member asks over the transport. */
async function ask(from: TestNode, to: TestNode, through: number, id = 1n): Promise<ScrubState> {
  const peer = { name: to.name, address: `${to.name}:7000` };
  const question = encodeScrubQuestion({ group: 1, id, through });
  return decodeScrubAnswer(await from.transport!.ask(peer, question, new AbortController().signal));
}

test('a member drops its log through an entry, tail or no tail, and keeps what follows', async () => {
  for (let times = 0; times < 5; times++) await cluster.add('a', 1);
  await cluster.converged();
  const [follower] = cluster.followers;
  const { applied } = follower!.group.status();
  expect(follower!.engine.scrub(1, { id: 1n, through: applied - 2 })).toEqual({ stage: 'waiting' });
  await done(() => follower!.engine.scrub(1, { id: 1n, through: applied - 2 }));
  expect(startOf(follower!)).toBe(applied - 2);
  await cluster.add('a', 1);
  await cluster.converged();
  expect(await follower!.count('a')).toBe(6);
});

test('members do it when another member asks, and the cluster goes on with logs of its own', async () => {
  await cluster.add('a', 5);
  await cluster.converged();
  const leader = cluster.leader();
  const { applied } = leader.group.status();
  for (const node of cluster.followers) await done(() => ask(leader, node, applied));
  expect(cluster.followers.map(startOf)).toEqual([applied, applied]);
  await leader.stop();
  await cluster.elected();
  await cluster.add('a', 2);
  await leader.start();
  await cluster.converged();
  expect(await leader.count('a')).toBe(7);
});

test('it waits for entries that the member has not got yet', async () => {
  const leader = cluster.leader();
  const [follower] = cluster.followers;
  const { applied } = follower!.group.status();
  const ahead = applied + 2;
  await ask(leader, follower!, ahead);
  await cluster.ticks(3);
  expect(await ask(leader, follower!, ahead)).toEqual({ stage: 'waiting' });
  await cluster.add('a', 1);
  await cluster.add('a', 1);
  await done(() => ask(leader, follower!, ahead));
  expect(startOf(follower!)).toBe(ahead);
});

test('a member that was away gets the state where the entries it lacks are gone', async () => {
  const [away] = cluster.followers;
  await away!.stop();
  await cluster.add('a', 3);
  await cluster.converged();
  const leader = cluster.leader();
  const { applied: through } = leader.group.status();
  await done(() => leader.engine.scrub(1, { id: 1n, through }));
  await away!.start();
  await cluster.converged();
  expect(await away!.count('a')).toBe(3);
  expect(startOf(away!)).toBeGreaterThanOrEqual(through);
});

test('a stranger is not heard', async () => {
  const stranger = cluster.prepare('n9', { joined: true });
  await stranger.start();
  await expect(ask(stranger, cluster.leader(), 1)).rejects.toMatchObject({ code: 'PEER_REFUSED' });
});
