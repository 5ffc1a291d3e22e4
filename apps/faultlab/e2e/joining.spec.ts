import { toUtf8 } from '@caisson/base';
import { EncryptionService, type WriteResponse } from '@caisson/contracts';
import { StormCluster } from '../src/cluster/cluster.js';
import type { Machine } from '../src/cluster/machine.js';

/** Nonces of envelope version 1 are as safe as the epochs, so everything about epochs is at its strictest. */
const OPTIONS = { seed: 5, isEncrypted: true, envelopeVersion: 1, engine: {}, plants: {} } as const;

let cluster: StormCluster;
afterEach(() => {
  cluster.end();
  expect(cluster.findings.all).toEqual([]);
});

async function write(key: string): Promise<WriteResponse> {
  const { kv } = cluster.leader!.process!;
  const mutations = [{ op: 'put' as const, key: toUtf8(key), value: toUtf8('value') }];
  return cluster.settled(kv.write({ mutations }, {}));
}

const encryptionOf = (machine: Machine) => machine.process!.host.get(EncryptionService).status();
const epochsOf = (machine: Machine) =>
  new Map(encryptionOf(machine).keys.map(({ keyId, localEpoch }) => [keyId, localEpoch]));
const isRegistered = (machine: Machine) => encryptionOf(machine).groups[0]?.registered === true;

async function caughtUp(): Promise<void> {
  await cluster.must(20_000, 'there is a leader', () => cluster.leader !== undefined);
  await cluster.must(20_000, 'all are registered', () => cluster.up.every(isRegistered));
  const positions = () => cluster.up.map(({ group }) => group.status().applied);
  await cluster.must(20_000, 'all have caught up', () => new Set(positions()).size === 1);
}

test('members that start all at once tell each other their epochs, and wait for nobody’s apply', async () => {
  cluster = await StormCluster.of(3, OPTIONS);
  await write('before');
  await caughtUp();
  const before = cluster.machines.map(epochsOf);
  for (const { process } of cluster.machines) process!.life.end();
  const starts = cluster.machines.map((machine) => machine.start());
  await cluster.settled(Promise.all(starts));
  await caughtUp();
  expect((await write('after')).kind).toBe('committed');
  cluster.machines.forEach((machine, at) => {
    for (const [keyId, epoch] of epochsOf(machine)) expect(epoch).toBeGreaterThan(before[at]!.get(keyId)!);
  });
});

test('a member alone takes no epoch, and goes on once another one answers', async () => {
  cluster = await StormCluster.of(3, OPTIONS);
  await caughtUp();
  const [first, second] = cluster.machines;
  for (const { process } of cluster.machines) process!.life.end();
  const start = first!.start();
  await cluster.passMs(3000);
  expect(first!.isUp).toBe(false);
  await cluster.settled(Promise.all([start, second!.start()]));
  await caughtUp();
  expect((await write('two of three')).kind).toBe('committed');
});

test('a node whose disks are lost comes back under its name above every epoch it had', async () => {
  cluster = await StormCluster.of(3, OPTIONS);
  await write('before');
  const lost = cluster.machine('n3');
  for (let restart = 0; restart < 3; restart++) {
    lost.process!.life.end();
    await write(`while away ${restart}`);
    await cluster.settled(lost.start());
    await caughtUp();
    await write(`back ${restart}`);
  }
  const before = epochsOf(lost);
  lost.process!.life.end();
  cluster.replaceMachine('n3');
  const fresh = cluster.machine('n3');
  await cluster.must(20_000, 'there is a leader', () => cluster.leader !== undefined);
  const { engine } = cluster.leader!;
  await cluster.settled(engine.changeMembership(1, { kind: 'remove', name: 'n3' }));
  await cluster.settled(fresh.start());
  const stated = { name: 'n3', address: fresh.address, clientAddress: '' };
  await cluster.settled(engine.changeMembership(1, { kind: 'addLearner', ...stated }));
  await caughtUp();
  for (const [keyId, epoch] of epochsOf(fresh)) expect(epoch).toBeGreaterThan(before.get(keyId)!);
  await cluster.settled(engine.changeMembership(1, { kind: 'promote', name: 'n3' }));
  fresh.process!.life.end();
  await cluster.settled(fresh.start());
  await caughtUp();
  expect((await write('with everybody')).kind).toBe('committed');
});
