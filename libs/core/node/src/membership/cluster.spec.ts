import { CaissonError, type ClusterProgress, type DataDirectory } from '@caisson/contracts';
import { NodeHashes } from '@caisson/platform-node';
import { decodeJoinToken } from '@caisson/formats';
import { identityOf, stated, TurningClock } from '../testdata/membership-bench.js';
import { ScriptedEngine, ScriptedGroup, voter } from '../testdata/scripted-engine.js';
import { Cluster } from './cluster.js';

let groups: ScriptedGroup[];
let engine: ScriptedEngine;
let clock: TurningClock;
beforeEach(() => {
  groups = [new ScriptedGroup(1, ['n1', 'n2', 'n3']), new ScriptedGroup(2, ['n1', 'n2', 'n3'])];
  clock = new TurningClock();
  engine = new ScriptedEngine('n1', groups);
});

const cluster = (self = 'n1') => {
  const directory = { identity: identityOf(self) } as DataDirectory;
  const turning = Object.assign(clock, { turn: () => Promise.resolve() });
  return new Cluster({ engine: engine.asEngine(), directory, clock: turning, hashes: new NodeHashes() });
};

async function steps(order: AsyncIterable<ClusterProgress>): Promise<string[]> {
  const seen: string[] = [];
  for await (const { group, step } of order) seen.push(`${group} ${step}`);
  return seen;
}

const n4 = { name: 'n4', ...stated('n4') };
const once = (group: number) =>
  ['asking', 'adding', 'catching-up', 'promoting', 'done'].map((step) => `${group} ${step}`);

describe('a node that is added', () => {
  it('learns, catches up and votes, in one group after the other', async () => {
    engine.lagging = 2;
    expect(await steps(cluster().add(n4, {}))).toEqual([...once(1), ...once(2)]);
    for (const group of groups) expect(group.member('n4')).toMatchObject({ role: 'voter', ...stated('n4') });
    expect(clock.slept).toBe(2);
    expect(engine.barriers).toBe(2);
  });

  it('goes on where an earlier order ended, also one of another leader', async () => {
    groups[0]!.put(voter('n4'));
    groups[0]!.leader = 'n2';
    groups[1]!.put({ ...voter('n4'), role: 'learner' });
    expect(await steps(cluster().add(n4, {}))).toEqual(['1 done', '2 catching-up', '2 promoting', '2 done']);
    expect(engine.asked).toEqual(['2 promote n4']);
  });

  it('stays a learner where that is wanted, and is not made one again', async () => {
    expect(await steps(cluster().add({ ...n4, learner: true }, {}))).toEqual(
      [1, 2].flatMap((group) => ['asking', 'adding', 'done'].map((step) => `${group} ${step}`)),
    );
    expect(groups[0]!.member('n4')?.role).toBe('learner');
    await expect(steps(cluster().add({ ...n4, name: 'n2', learner: true }, {}))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('that votes already moves to the addresses stated', async () => {
    const moved = { name: 'n2', address: 'elsewhere:7000', clientAddress: 'elsewhere:8000' };
    expect(await steps(cluster().add(moved, {}))).toEqual(['1 done', '2 done']);
    expect(engine.asked).toEqual(['1 update n2', '2 update n2']);
  });

  it('is refused as the engine says, and without a name or an address', async () => {
    engine.failures.push(new CaissonError('PEER_NOT_ENCRYPTION_CAPABLE'));
    await expect(steps(cluster().add(n4, {}))).rejects.toMatchObject({ code: 'PEER_NOT_ENCRYPTION_CAPABLE' });
    await expect(steps(cluster().add({ ...n4, address: '' }, {}))).rejects.toMatchObject({
      details: { field: 'address' },
    });
  });

  it('waits for other changes, but not for ever', async () => {
    const pending = (count: number) =>
      Array.from({ length: count }, () => new CaissonError('CHANGE_PENDING'));
    engine.failures.push(...pending(3));
    expect(await steps(cluster().add(n4, {}))).toHaveLength(10);
    engine.failures.push(...pending(60));
    await expect(steps(cluster().add({ ...n4, name: 'n5' }, {}))).rejects.toMatchObject({
      code: 'CHANGE_PENDING',
    });
  });

  it('is not promoted once the caller is gone', async () => {
    const stop = new AbortController();
    engine.lagging = Infinity;
    clock.onSleep = () => stop.abort(new Error('gone'));
    await expect(steps(cluster().add(n4, { signal: stop.signal }))).rejects.toThrow('gone');
    expect(groups[0]!.member('n4')?.role).toBe('learner');
  });

  it('is sent to the leader when leadership moves meanwhile', async () => {
    engine.lagging = Infinity;
    clock.onSleep = () => (groups[0]!.leader = 'n2');
    await expect(steps(cluster().add(n4, {}))).rejects.toMatchObject({
      code: 'NOT_LEADER',
      details: { group: 1, leader: 'n2', address: 'n2:8000' },
    });
  });
});

describe('promotion, removal and replacement', () => {
  it('promote a learner, and take a voter for done', async () => {
    groups[0]!.put({ ...voter('n4'), role: 'learner' });
    groups[1]!.put(voter('n4'));
    expect(await steps(cluster().promote('n4', {}))).toEqual([
      '1 catching-up',
      '1 promoting',
      '1 done',
      '2 done',
    ]);
    await expect(steps(cluster().promote('n9', {}))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('remove whoever is there', async () => {
    expect(await steps(cluster().remove('n3', {}))).toEqual(['1 removing', '1 done', '2 removing', '2 done']);
    expect(await steps(cluster().remove('n3', {}))).toEqual(['1 done', '2 done']);
  });

  it('say that a leader which goes hands over first', async () => {
    engine.failures.push(new CaissonError('NOT_LEADER', { leader: 'n2' }));
    const seen: string[] = [];
    const order = (async () => {
      for await (const { step } of cluster().remove('n1', {})) seen.push(step);
    })();
    await expect(order).rejects.toMatchObject({ code: 'NOT_LEADER' });
    expect(seen).toEqual(['transferring']);
  });

  it('let the new node vote everywhere before the old one leaves anywhere', async () => {
    await steps(cluster().replace('n3', n4, {}));
    expect(engine.asked).toEqual([
      '1 addLearner n4',
      '1 promote n4',
      '2 addLearner n4',
      '2 promote n4',
      '1 remove n3',
      '2 remove n3',
    ]);
    await expect(steps(cluster().replace('n4', n4, {}))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a transfer', () => {
  it('goes to the voter named, of every group led here', async () => {
    groups[1]!.leader = 'n3';
    expect(await steps(cluster().transfer('n3', {}))).toEqual(['1 transferring', '1 done', '2 done']);
    expect(engine.asked).toEqual(['1 transfer n3']);
    expect(await steps(cluster().transfer('n3', {}))).toEqual(['1 done', '2 done']);
  });

  it('without a name goes to the active voter that is furthest, and leaves other nodes alone', async () => {
    const [first, second] = groups;
    first!.put(voter('n2', 90));
    first!.put({ ...voter('n3', 99), progress: { matched: 99, state: 'following', active: false } });
    first!.put({ ...voter('n4', 100), role: 'learner' });
    second!.leader = 'n2';
    expect(await steps(cluster().transfer(undefined, {}))).toEqual(['1 transferring', '1 done', '2 done']);
    expect(engine.asked).toEqual(['1 transfer n2']);
  });

  it('is ordered from the leader', async () => {
    groups[0]!.leader = 'n2';
    await expect(steps(cluster().transfer('n3', {}))).rejects.toMatchObject({
      code: 'NOT_LEADER',
      details: { leader: 'n2' },
    });
  });

  it('needs somebody to take over', async () => {
    groups[0]!.members = [voter('n1')];
    await expect(steps(cluster().transfer(undefined, {}))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

test('the status is that of all groups, and the token names every member that takes peers', async () => {
  const { address: _, ...unreachable } = voter('n9');
  groups[1]!.put(unreachable);
  expect(cluster().status()).toMatchObject({ node: 'n1', groups: [{ id: 1 }, { id: 2 }] });
  const token = decodeJoinToken(cluster().joinToken());
  expect(token).toMatchObject({ clusterId: identityOf('n1').clusterId, birth: 'clear', format: 1 });
  expect(token.members.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
});
