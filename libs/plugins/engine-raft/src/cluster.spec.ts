import { encodeCount } from '@caisson/compliance';
import type { CaissonError } from '@caisson/contracts';
import { Cluster, type TestNode, turn } from './testdata/cluster.js';

const user = { source: 'user' } as const;
/** Longer than any lease of the configuration that tests run with. */
const LEASE_MS = 2_000;
const count = (amount: number) => encodeCount('a', amount);

let cluster: Cluster;
afterEach(() => cluster.dispose());

async function counts(): Promise<readonly number[]> {
  await cluster.converged();
  return Promise.all(cluster.nodes.filter(({ isUp }) => isUp).map((node) => node.count('a')));
}

describe('three nodes', () => {
  beforeEach(async () => {
    cluster = await Cluster.of(3);
  });

  it('have one leader and apply the same', async () => {
    await cluster.add('a', 5);
    expect(await counts()).toEqual([5, 5, 5]);
    expect(cluster.nodes.filter(({ leads }) => leads)).toHaveLength(1);
  });

  it('send writers to the leader, by name and address', async () => {
    const leader = cluster.leader();
    const [follower] = cluster.followers;
    await expect(follower!.group.propose(count(1), user)).rejects.toMatchObject({
      code: 'NOT_LEADER',
      details: { group: 1, leader: leader.name, peerAddress: `${leader.name}:7000` },
    });
  });

  it('keep what was acknowledged when their leader dies', async () => {
    await cluster.add('a', 5);
    await cluster.leader().kill();
    await cluster.add('a', 2);
    expect(await counts()).toEqual([7, 7]);
  });

  it('take no writes without a majority, and go on with one', async () => {
    const [first, second] = cluster.followers;
    await first!.kill();
    await second!.kill();
    const leader = cluster.leader();
    const write = leader.group.propose(count(3), user);
    write.catch(() => undefined);
    await cluster.until(() => !leader.leads);
    expect(leader.group.status().leader).toBeUndefined();
    await expect(leader.group.propose(count(1), user)).rejects.toMatchObject({ code: 'NOT_LEADER' });
    await first!.start();
    await second!.start();
    await cluster.elected();
    const isThere = await cluster.settled(write).then(
      () => true,
      ({ code }: CaissonError) => code !== 'UNKNOWN_OUTCOME',
    );
    expect(await counts()).toEqual(isThere ? [3, 3, 3] : [0, 0, 0]);
  });

  it('come back together with everything they had', async () => {
    await cluster.add('a', 5);
    await cluster.converged();
    for (const node of cluster.nodes) await node.kill();
    for (const node of cluster.nodes) await node.start();
    await cluster.add('a', 1);
    expect(await counts()).toEqual([6, 6, 6]);
  });

  it('bring a node up to date that was away', async () => {
    const [away] = cluster.followers;
    await away!.kill();
    for (let turn = 0; turn < 20; turn++) await cluster.add('a', 1);
    await away!.start();
    expect(await counts()).toEqual([20, 20, 20]);
  });

  it('let every one of them serve reads that see what was acknowledged', async () => {
    for (let turn = 1; turn <= 3; turn++) {
      await cluster.add('a', 1);
      for (const node of cluster.nodes) {
        const { staleMs } = await cluster.settled(node.group.readBarrier('linearizable'));
        expect([staleMs, await node.count('a')]).toEqual([0, turn]);
      }
    }
  });

  it('read nothing linearizable where nobody can tell', async () => {
    const [cut] = cluster.followers;
    cluster.network.isolate(cut!.name);
    await expect(cluster.settled(cut!.group.readBarrier('linearizable'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    const { staleMs } = await cut!.group.readBarrier('stale');
    expect(staleMs).toBeGreaterThan(4000);
    cluster.network.heal();
    await cluster.until(async () => (await cut!.group.readBarrier('stale')).staleMs === 0);
  });

  it('are not disturbed by one that was cut off and comes back', async () => {
    const { leadership } = cluster.leader().group.status();
    const [cut] = cluster.followers;
    cluster.network.isolate(cut!.name);
    await cluster.ticks(100);
    cluster.network.heal();
    await cluster.until(() => cut!.group.status().leader === cluster.leader().name);
    expect(cluster.leader().group.status().leadership).toBe(leadership);
  });

  it('tell a proposer whose entry was replaced that they do not know', async () => {
    const old = cluster.leader();
    cluster.network.isolate(old.name);
    const lost = old.group.propose(count(100), user);
    lost.catch(() => undefined);
    const others = cluster.nodes.filter((node) => node !== old);
    await cluster.until(() => others.some(({ leads }) => leads));
    const next = others.find(({ leads }) => leads)!;
    await cluster.settled(next.group.propose(count(1), user));
    cluster.network.heal();
    await expect(cluster.settled(lost)).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
    expect(await counts()).toEqual([1, 1, 1]);
  });

  it('hand leadership to whom they are told', async () => {
    const [target] = cluster.followers;
    const before = cluster.leader();
    await cluster.settled(before.engine.transferLeadership(1, target!.name));
    await cluster.until(() => target!.leads);
    expect(before.leads).toBe(false);
    await expect(before.engine.transferLeadership(1, before.name)).rejects.toMatchObject({
      code: 'NOT_LEADER',
    });
    await expect(target!.engine.transferLeadership(1, 'stranger')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await cluster.add('a', 1);
  });

  it('lose no leader for long when it drains', async () => {
    const before = cluster.leader();
    const writes = [1, 2, 3].map((amount) => before.group.propose(count(amount), user));
    await cluster.settled(before.engine.drain());
    await expect(Promise.all(writes)).resolves.toHaveLength(3);
    expect(before.leads).toBe(false);
    await expect(before.group.propose(count(1), user)).rejects.toMatchObject({ code: 'DRAINING' });
    const after = await cluster.elected();
    expect(after).not.toBe(before);
    await before.stop();
    await cluster.add('a', 4);
    expect(await counts()).toEqual([10, 10]);
  });

  it('go on without one that halts at an entry', async () => {
    const halting = cluster.leader();
    halting.counters.failsOn = 'broken';
    const failing = halting.group.propose(encodeCount('broken', 1), user);
    await expect(cluster.settled(failing)).rejects.toMatchObject({ code: 'APPLY_HALTED' });
    expect(halting.faults.map(({ code }) => code)).toEqual(['APPLY_HALTED']);
    expect(halting.engine.health().status).toBe('failed');
    await cluster.add('a', 1);
    expect(cluster.leader()).not.toBe(halting);
    expect(await cluster.leader().count('broken')).toBe(1);
    await halting.stop();
    halting.counters.failsOn = undefined;
    await halting.start();
    expect(await counts()).toEqual([1, 1, 1]);
  });

  it('propose for the system from wherever it runs', async () => {
    const [follower] = cluster.followers;
    const { position, outcome } = await cluster.settled(
      follower!.group.propose(count(2), { source: 'system' }),
    );
    expect(outcome.kind).toBe('applied');
    expect(follower!.group.status().applied).toBeGreaterThanOrEqual(position);
    const refused = await cluster.settled(follower!.group.propose(count(-9), { source: 'system' }));
    expect(refused.outcome).toMatchObject({ kind: 'refused', error: { code: 'INVALID_ARGUMENT' } });
  });

  it('say that they have no leader for long, and that they have one again', async () => {
    const [first, second] = cluster.followers;
    const leader = cluster.leader();
    await first!.kill();
    await second!.kill();
    await cluster.until(() => leader.engine.health().status === 'degraded');
    await first!.start();
    await cluster.elected();
    expect(leader.engine.health().status).toBe('ok');
  });

  it('survive messages that are lost at random', async () => {
    let seed = 7;
    cluster.network.lose = () => (seed = (seed * 75 + 74) % 65_537) % 4 === 0;
    for (let turn = 0; turn < 30; turn++) {
      const leader = await cluster.elected();
      await cluster.settled(leader.group.propose(count(1), user)).catch(() => undefined);
    }
    cluster.network.lose = () => false;
    await cluster.elected();
    const seen = await counts();
    expect(new Set(seen).size).toBe(1);
  });
});

describe('reads', () => {
  const read = (node: TestNode) => node.group.readBarrier('linearizable');

  /** Whether a leader that reaches nobody lets a read pass. */
  async function passesAlone(): Promise<boolean> {
    cluster.network.lose = () => true;
    let isDone = false;
    const passed = read(cluster.leader()).then(() => (isDone = true));
    for (let turns = 0; turns < 5; turns++) await turn();
    const isAlone = isDone;
    cluster.network.lose = () => false;
    await cluster.settled(passed);
    return isAlone;
  }

  it('ask a quorum every time', async () => {
    cluster = await Cluster.of(3);
    await cluster.settled(read(cluster.leader()));
    expect(await passesAlone()).toBe(false);
  });

  it('pass by lease once a quorum was asked, where one is configured, until it runs out', async () => {
    cluster = await Cluster.of(3, { config: { reads: 'lease-based' } });
    await cluster.add('a', 1);
    expect(await passesAlone()).toBe(false);
    await cluster.settled(read(cluster.leader()));
    expect(await passesAlone()).toBe(true);
    cluster.clock.advance(LEASE_MS);
    expect(await passesAlone()).toBe(false);
  });

  it('are served by learners as well', async () => {
    cluster = await Cluster.of(1);
    const learner = await cluster.addLearner('n2');
    await cluster.add('a', 4);
    await cluster.settled(read(learner));
    expect(await learner.count('a')).toBe(4);
  });

  it('go through a change of leader', async () => {
    cluster = await Cluster.of(3);
    await cluster.add('a', 4);
    const [reader] = cluster.followers;
    await cluster.leader().kill();
    const point = await cluster.settled(read(reader!));
    expect(await reader!.count('a')).toBe(4);
    expect(point.position).toBe(reader!.group.status().applied);
  });
});

describe('membership', () => {
  const change = (kind: 'promote' | 'remove', name: string) =>
    cluster.order((leader) => leader.engine.changeMembership(1, { kind, name }));

  const rolesOf = (node: TestNode) =>
    Object.fromEntries(node.group.status().members.map(({ name, role }) => [name, role]));

  it('grows from one to four and shrinks again, serving all the while', async () => {
    cluster = await Cluster.of(1);
    for (const name of ['n2', 'n3', 'n4']) {
      await cluster.grow(name);
      await cluster.add('a', 1);
    }
    expect(rolesOf(cluster.node('n4'))).toEqual({ n1: 'voter', n2: 'voter', n3: 'voter', n4: 'voter' });
    await change('remove', 'n2');
    await cluster.node('n2').stop();
    await cluster.add('a', 1);
    expect(await counts()).toEqual([4, 4, 4]);
    expect(Object.keys(rolesOf(cluster.leader())).sort()).toEqual(['n1', 'n3', 'n4']);
  });

  it('keeps learners from voting, and feeds them', async () => {
    cluster = await Cluster.of(1);
    const learner = await cluster.addLearner('n2');
    await cluster.add('a', 3);
    await cluster.converged();
    expect(await learner.count('a')).toBe(3);
    expect(rolesOf(learner)).toEqual({ n1: 'voter', n2: 'learner' });
    const { progress } = cluster
      .leader()
      .group.status()
      .members.find(({ name }) => name === 'n2')!;
    expect(progress).toMatchObject({ state: 'following', active: true });
    await learner.kill();
    await cluster.add('a', 1);
  });

  it('takes a change that is in force for done, and refuses what makes no sense', async () => {
    cluster = await Cluster.of(3);
    const { applied } = cluster.leader().group.status();
    await change('promote', 'n2');
    await change('remove', 'stranger');
    expect(cluster.leader().group.status().applied).toBe(applied);
    await expect(change('promote', 'stranger')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const [follower] = cluster.followers;
    await expect(follower!.engine.changeMembership(1, { kind: 'remove', name: 'n2' })).rejects.toMatchObject({
      code: 'NOT_LEADER',
    });
  });

  it('never loses its last voter', async () => {
    cluster = await Cluster.of(1);
    await expect(change('remove', 'n1')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('hands over first when the leader is to go', async () => {
    cluster = await Cluster.of(3);
    const leader = cluster.leader();
    const removal = { kind: 'remove', name: leader.name } as const;
    await expect(cluster.settled(leader.engine.changeMembership(1, removal))).rejects.toMatchObject({
      code: 'NOT_LEADER',
    });
    await cluster.until(() => cluster.leader() !== leader);
    await cluster.order((next) => next.engine.changeMembership(1, removal));
    expect(Object.keys(rolesOf(cluster.leader()))).not.toContain(leader.name);
    await cluster.add('a', 1);
  });

  it('lets one change in at a time', async () => {
    cluster = await Cluster.of(3);
    const leader = cluster.leader();
    const [first, second] = cluster.followers;
    const removals = [first!, second!].map(({ name }) =>
      leader.engine.changeMembership(1, { kind: 'remove', name }),
    );
    const [done, refused] = await cluster.settled(Promise.allSettled(removals));
    expect(done?.status).toBe('fulfilled');
    expect(refused).toMatchObject({ reason: { code: 'CHANGE_PENDING' } });
  });

  it('tells new addresses to everybody', async () => {
    cluster = await Cluster.of(1, { config: { clientAddress: 'n1:8000' } });
    const learner = await cluster.addLearner('n2');
    const member = learner.group.status().members.find(({ name }) => name === 'n1');
    expect(member).toEqual({ name: 'n1', role: 'voter', address: 'n1:7000', clientAddress: 'n1:8000' });
  });

  it('comes back as it was after a restart of all', async () => {
    cluster = await Cluster.of(3);
    const before = rolesOf(cluster.leader());
    for (const node of cluster.nodes) await node.kill();
    for (const node of cluster.nodes) await node.start();
    const leader = await cluster.elected();
    expect(rolesOf(leader)).toEqual(before);
  });
});
