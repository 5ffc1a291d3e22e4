import { encodeCount } from '@caisson/compliance';
import { CaissonError } from '@caisson/contracts';
import { SYSTEM_KEYS, decodeIndexRow } from '@caisson/formats';
import { Cluster, turn } from './testdata/cluster.js';

const user = { source: 'user' } as const;
const count = (amount: number) => encodeCount('a', amount);

let cluster: Cluster;
afterEach(() => cluster.dispose());

describe('a lone voter', () => {
  it('leads and takes writes as soon as it has started, without waiting for time to pass', async () => {
    cluster = new Cluster();
    const node = await cluster.found({ alone: true });
    expect(node.group.status()).toMatchObject({ leads: true, leader: 'n1', members: [{ role: 'voter' }] });
    await node.group.propose(count(1), user);
    await node.stop();
    await node.start();
    expect(node.leads).toBe(true);
    expect(await node.count('a')).toBe(1);
  });

  it('does not start over an entry that it cannot apply, and starts once it can', async () => {
    cluster = new Cluster();
    const node = await cluster.found({ alone: true });
    node.counters.failsOn = 'a';
    await expect(node.group.propose(count(1), user)).rejects.toMatchObject({ code: 'APPLY_HALTED' });
    await node.stop();
    await expect(node.start()).rejects.toMatchObject({ code: 'APPLY_HALTED' });
    node.counters.failsOn = undefined;
    await node.start();
    expect(await node.count('a')).toBe(1);
  });

  it('needs a transport before it lets anybody in', async () => {
    cluster = new Cluster();
    const node = await cluster.found({ alone: true });
    const change = { kind: 'addLearner', name: 'n2', address: 'n2:7000', clientAddress: '' } as const;
    await expect(node.engine.changeMembership(1, change)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { problem: expect.stringContaining('transport') },
    });
  });

  it('finishes a founding that a crash interrupted before the first entry was applied', async () => {
    cluster = new Cluster();
    const node = await cluster.found({ alone: true });
    // Nothing was synced in the store yet.
    await node.kill();
    await node.start();
    expect(node.group.status()).toMatchObject({ leads: true, members: [{ name: 'n1', role: 'voter' }] });
  });

  it('shortens its log behind a synced store when it is told to', async () => {
    cluster = new Cluster();
    const node = await cluster.found({ alone: true, config: { compaction: { keepEntries: 2 } } });
    for (let turns = 0; turns < 10; turns++) await node.group.propose(count(1), user);
    const position = await node.engine.takeSnapshot(1);
    expect(position).toBe(node.group.status().applied);
    await node.kill();
    await node.start();
    expect(await node.count('a')).toBe(10);
  });
});

describe('several groups', () => {
  const config = { groups: [1, 2, 7] };

  it('share a node and its transport, and keep apart', async () => {
    cluster = await Cluster.of(2, { config });
    const leader = cluster.leader();
    expect(leader.engine.groups).toEqual([1, 2, 7]);
    expect(() => leader.engine.group(3)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const change = { name: 'n2', address: 'n2:7000', clientAddress: '' };
    await cluster.settled(leader.engine.changeMembership(7, { kind: 'addLearner', ...change }));
    await cluster.settled(leader.engine.group(7).propose(count(3), user));
    const follower = cluster.node('n2').engine.group(7);
    await cluster.until(() => follower.status().applied === leader.engine.group(7).status().applied);
    expect(
      follower
        .status()
        .members.map(({ role }) => role)
        .sort(),
    ).toEqual(['learner', 'voter']);
    expect(cluster.node('n2').engine.group(2).status().members).toEqual([]);
  });

  it('are closed again when a later one does not open', async () => {
    cluster = new Cluster();
    const node = await cluster.found({ alone: true, config });
    await node.stop();
    node.isUp = false;
    const refusal = new CaissonError('CORRUPTION');
    const { openGroup } = node.encryption;
    node.encryption.openGroup = (id, signal) =>
      id === 7 ? Promise.reject(refusal) : openGroup.call(node.encryption, id, signal);
    await expect(node.start()).rejects.toBe(refusal);
    node.isUp = false;
    node.encryption.openGroup = openGroup;
    await node.start();
    expect(node.engine.health()).toEqual({ status: 'ok' });
  });
});

describe('limits', () => {
  it('hold callers back instead of holding what they bring', async () => {
    const limits = { proposals: 2, proposalBytes: 10_000 };
    cluster = new Cluster();
    const node = await cluster.found({ alone: true, config: { limits } });
    const proposals = [1, 2, 3].map((amount) => node.group.propose(count(amount), user));
    const outcomes = await Promise.allSettled(proposals);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'TOO_MANY_REQUESTS' } });
  });

  it('refuse proposals once too much of a leader’s log is not applied', async () => {
    cluster = await Cluster.of(3, { config: { limits: { uncommittedBytes: 40 } } });
    const leader = cluster.leader();
    cluster.network.isolate(leader.name);
    const first = leader.group.propose(count(1), user);
    first.catch(() => undefined);
    await turn();
    const second = leader.group.propose(encodeCount('a name that is rather long', 1), user);
    await expect(second).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    cluster.network.heal();
    await cluster.settled(first.catch(() => undefined));
  });

  it('let proposals wait a little for a leader, where that is configured', async () => {
    cluster = await Cluster.of(3, { config: { waits: { leaderMs: 10_000 } } });
    const [waiting, other] = cluster.followers;
    await cluster.leader().kill();
    await other!.kill();
    await cluster.until(() => waiting!.group.status().leader === undefined);
    const proposal = waiting!.group.propose(count(1), user);
    await other!.start();
    const outcome = await cluster.settled(
      proposal.then(
        () => 'applied',
        ({ code }: CaissonError) => code,
      ),
    );
    expect(['applied', 'NOT_LEADER']).toContain(outcome);
    await cluster.elected();
  });
});

describe('snapshots', () => {
  const config = { compaction: { entries: 4, keepEntries: 2 } };

  it('bring a member up to date that was away longer than the log', async () => {
    cluster = await Cluster.of(3, { config });
    const [away] = cluster.followers;
    await away!.stop();
    for (let turns = 0; turns < 30; turns++) await cluster.add('a', 1);
    const before = away!.snapshots.installed;
    await away!.start();
    await cluster.converged();
    expect(await away!.count('a')).toBe(30);
    expect(away!.snapshots.installed).toBe(before + 1);
    await cluster.add('a', 1);
    await cluster.converged();
    await away!.kill();
    await away!.start();
    await cluster.converged();
    expect(await away!.count('a')).toBe(31);
  });

  it('are tried again after they broke off', async () => {
    cluster = await Cluster.of(3, { config });
    const [away] = cluster.followers;
    await away!.stop();
    for (let turns = 0; turns < 30; turns++) await cluster.add('a', 1);
    away!.snapshots.refusals = 2;
    await away!.start();
    await cluster.converged();
    expect(await away!.count('a')).toBe(30);
  });

  it('carry the membership with them', async () => {
    cluster = await Cluster.of(2, { config });
    for (let turns = 0; turns < 10; turns++) await cluster.add('a', 1);
    const joined = await cluster.grow('n3', { config });
    expect(joined.snapshots.installed).toBe(1);
    expect(joined.group.status().members).toHaveLength(3);
    const row = await joined.group.store.get(SYSTEM_KEYS.appliedIndex);
    expect(decodeIndexRow(row!)).toBe(joined.group.status().applied);
  });
});
