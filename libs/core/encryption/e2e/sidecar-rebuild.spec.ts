import { fullNodeId, parseSidecar, type Sidecar } from '@caisson/formats';
import { rotationPayload, SidecarRebuild, type SidecarRebuilt } from '../src/index.js';
import { propose } from './entries.js';
import { note } from './mini-engine.js';
import { ciphers, driven, hashes, localKek, readNote, type Running, World } from './world.js';

const PATH = '/data/encryption/keys.json';
const OWN = fullNodeId('n1');
let world: World;

async function rebuild(
  seen: readonly { keyId: number; epoch: number }[] = [],
  keks = world.keks,
): Promise<SidecarRebuilt> {
  const { directory, disk, clock } = world;
  const store = await world.stores.open('/data/1/store');
  try {
    const parts = { directory, disk, keks, ciphers, hashes, clock };
    return await new SidecarRebuild(parts).carryOut([{ id: 1, store }], seen);
  } finally {
    await store.close();
  }
}

/** A node that has served, rotated a key, and is stopped. */
beforeEach(async () => {
  world = new World();
  const running = await driven(world);
  await running.engine.propose(note('a', 'one'));
  await propose(running, await rotationPayload(running.node, running.session, { purpose: 'storage' }));
  await running.drive();
  await running.engine.propose(note('b', 'two'));
  await running.stop();
});

const bytes = async () => (await world.disk.read(PATH))!;
const sidecar = async () => parseSidecar(await bytes());
const epochsOf = ({ keys }: Sidecar) => new Map([...keys].map(([keyId, key]) => [keyId, key.localEpoch]));

async function refuses(code: string): Promise<void> {
  await expect(world.start()).rejects.toMatchObject({ code });
  world.crash();
}

/** It serves, reads what was written, and seals above every epoch that was used before. */
async function serves(before: ReadonlyMap<number, number>): Promise<Running> {
  const running = await driven(world);
  expect(await readNote(running, 'a')).toBe('one');
  expect(await readNote(running, 'b')).toBe('two');
  await running.engine.propose(note('c', 'three'));
  const { activeStorage, activeRaft } = running.session.state.current.keys;
  for (const keyId of [activeStorage, activeRaft]) {
    const epoch = running.node.keys.seals.epochOf(keyId)!;
    expect(epoch).toBeGreaterThan(before.get(keyId)!);
    const row = await running.session.registry!.row(keyId, OWN);
    expect(row?.lastSeenEpoch).toBe(epoch);
  }
  await running.stop();
  return running;
}

test.each([
  ['cut off', async () => world.disk.put(PATH, (await bytes()).slice(0, 90))],
  [
    'edited',
    async () => {
      const text = Buffer.from(await bytes()).toString('utf8');
      world.disk.put(
        PATH,
        Buffer.from(text.replace('"storage_envelope_active": true', '"storage_envelope_active": false')),
      );
    },
  ],
])('a sidecar that was %s keeps the node from starting until it is made anew', async (_, damage) => {
  const before = epochsOf(await sidecar());
  await damage();
  await refuses('SIDECAR_CORRUPT');
  const rebuilt = await rebuild();
  expect(['unreadable', 'not authentic']).toContain(rebuilt.old);
  expect(rebuilt.groups).toEqual([1]);
  expect(rebuilt.keys).toHaveLength(3);
  expect(rebuilt.keys.every(({ from }) => from === 'store')).toBe(true);
  await serves(before);
});

test('an older sidecar is refused, and the one made in its place is above everything that was used', async () => {
  const old = await bytes();
  const running = await driven(world);
  await propose(running, await rotationPayload(running.node, running.session, { purpose: 'raft' }));
  await running.drive();
  await running.stop();
  const before = epochsOf(await sidecar());
  world.disk.put(PATH, old);
  await refuses('SIDECAR_BEHIND_RAFT_LOG');
  expect(await rebuild()).toMatchObject({ old: 'authentic', keys: { length: 4 }, dropped: [] });
  await serves(before);
});

test('an older epoch alone is refused, and raised', async () => {
  const old = await bytes();
  await (await driven(world)).stop();
  const before = epochsOf(await sidecar());
  world.disk.put(PATH, old);
  await refuses('LOCAL_EPOCH_ROLLBACK');
  await rebuild();
  await serves(before);
});

test('a lost sidecar is made anew by the start itself, and by the order as well', async () => {
  const before = epochsOf(await sidecar());
  await world.disk.remove(PATH);
  expect(await rebuild()).toMatchObject({ old: 'missing', keys: { length: 3 } });
  await serves(before);
  const again = epochsOf(await sidecar());
  await world.disk.remove(PATH);
  await serves(again);
});

test('damaged epoch floors keep the node from starting until they are made anew with the sidecar', async () => {
  const before = epochsOf(await sidecar());
  world.disk.put('/data/encryption/epoch-floors', Uint8Array.of(1, 0, 0, 1, 2, 3, 4));
  await refuses('SIDECAR_CORRUPT');
  expect(await rebuild()).toMatchObject({ old: 'authentic', keys: { length: 3 }, floors: [] });
  await serves(before);
});

test('a second rebuild repeats nothing, and what members saw registered counts', async () => {
  const first = await rebuild();
  const told = first.keys.map(({ keyId }) => ({ keyId, epoch: 40 }));
  const second = await rebuild([...told, { keyId: 77, epoch: 9 }]);
  expect(second.keys.every(({ epoch }) => epoch === 41)).toBe(true);
  expect(second.floors).toEqual([{ keyId: 77, epoch: 10 }]);
  await serves(new Map(told.map(({ keyId, epoch }) => [keyId, epoch])));
});

test('a key that the store does not know yet is kept from a file that is ahead', async () => {
  const running = await driven(world);
  const payload = await rotationPayload(running.node, running.session, { purpose: 'raft' });
  world.willWrite = () => {
    throw new RangeError('the power is gone');
  };
  await expect(propose(running, payload)).rejects.toThrow('the power is gone');
  world.crash();
  const ahead = await sidecar();
  expect(ahead.keys.size).toBe(4);
  const rebuilt = await rebuild();
  expect(rebuilt).toMatchObject({ old: 'authentic', keys: { length: 4 } });
  expect(rebuilt.keys.filter(({ from }) => from === 'old sidecar')).toHaveLength(1);
  expect((await sidecar()).groups).toEqual(ahead.groups);
  const again = await driven(world);
  expect(again.session.state.current.keys.keys).toHaveLength(4);
  await again.stop();
});

test('a store without keys and a damaged file need somebody who knows how far this node had come', async () => {
  const young = new World();
  world = young;
  const running = await driven(world);
  const before = epochsOf(await sidecar());
  await running.stop();
  // The store is lost, the log is not.
  world.memory.crash();
  await world.memory.remove('/data/1/store');
  world.disk.put(PATH, (await bytes()).slice(0, 90));
  await expect(rebuild()).rejects.toMatchObject({ code: 'SIDECAR_NEEDS_MEMBER' });
  const seen = [...before].map(([keyId, epoch]) => ({ keyId, epoch }));
  const rebuilt = await rebuild(seen);
  expect(rebuilt).toMatchObject({ old: 'unreadable', groups: [], keys: [], floors: { length: 2 } });
  expect(await world.disk.read(PATH)).toBeUndefined();
  const again = await driven(world);
  for (const [keyId, epoch] of before) {
    expect(again.node.keys.seals.epochOf(keyId)).toBeGreaterThan(epoch);
  }
  await again.stop();
});

test('without the KEK, nothing is written', async () => {
  const file = await bytes();
  await expect(rebuild([], [localKek(9)])).rejects.toMatchObject({ code: 'KEK_MISMATCH' });
  expect(await bytes()).toEqual(file);
});
