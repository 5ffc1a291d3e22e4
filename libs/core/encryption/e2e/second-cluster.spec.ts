import type { Pair } from '@caisson/contracts';
import {
  decodeKeyState,
  fullNodeId,
  type KeyState,
  nodeId16,
  SYSTEM_KEYS,
  systemKey,
  writerRegistryKey,
  writerRegistryPrefix,
} from '@caisson/formats';
import { startsWith } from '@caisson/base';
import { BackupKeys, NodeEncryption, NodeStates, SecondCluster } from '../src/index.js';
import { note } from './mini-engine.js';
import { ciphers, driven, hashes, localKek, random, readNote, type Running, World } from './world.js';

const SECOND_ID = new Uint8Array(16).fill(9);
const FIRST = { index: 31, term: 3 };

let first: Running;
let rows: readonly Pair[];
let state: KeyState;
let world: World;
let keys: BackupKeys;
let second: SecondCluster;

beforeEach(async () => {
  first = await driven(new World());
  await first.engine.propose(note('a', 'a value'));
  const view = new NodeStates(first.node).view(1);
  rows = await view.rows().next({ pairs: 10_000, bytes: 1e9 });
  state = decodeKeyState((await view.get(SYSTEM_KEYS.keyState))!);
  await view.close();
  world = new World({ name: 's1', clusterId: SECOND_ID });
  keys = new BackupKeys({ keks: [localKek(1)], ciphers, hashes });
  await keys.open({ group: 1, clusterId: new Uint8Array(16).fill(7), state });
  const { directory, disk, stores } = world;
  second = new SecondCluster({ keys, directory, disk, stores, random, nowMs: 1 });
});

afterEach(() => first.stop());

async function restored(): Promise<KeyState> {
  await second.makeKeys([state]);
  const store = await second.openStore(1);
  await second.add(store, rows);
  await second.finish(store, 1, { state, first: FIRST });
  const renewed = decodeKeyState((await store.get(SYSTEM_KEYS.keyState))!);
  await store.close();
  await second.recordKeys();
  return renewed;
}

test('the new keys are the new cluster’s, and the old ones stay under their origin for reading', async () => {
  const renewed = await restored();
  expect(renewed).toMatchObject({
    stateIndex: 31,
    raftCutoverIndex: 31,
    storageCutoverTs: state.storageCutoverTs,
  });
  const active = renewed.keys.filter((key) => key.state === 'active');
  expect(active.map(({ keyId }) => keyId).sort()).toEqual([renewed.activeStorage, renewed.activeRaft].sort());
  for (const key of active) expect(key.originId).toEqual(SECOND_ID);
  const old = renewed.keys.filter((key) => key.state === 'retiring');
  expect(old).toEqual(state.keys.map((key) => ({ ...key, state: 'retiring' })));
});

test('no node of the first cluster may write in it, and its own node may under the new keys alone', async () => {
  const renewed = await restored();
  const store = await world.stores.open(world.directory.group(1).store);
  const own = nodeId16(fullNodeId('s1'));
  for (const keyId of [renewed.activeStorage, renewed.activeRaft]) {
    expect(await store.get(systemKey(writerRegistryKey(keyId, own)))).toHaveLength(12);
  }
  const view = store.view();
  const all = await view.scan({ from: systemKey(writerRegistryPrefix()) }).next({ pairs: 1000 });
  expect(all.filter(({ key }) => startsWith(key, systemKey(writerRegistryPrefix())))).toHaveLength(2);
  expect(await store.get(SYSTEM_KEYS.clusterId)).toBeUndefined();
  expect(await store.get(SYSTEM_KEYS.membership)).toBeUndefined();
  await view.close();
  await store.close();
});

test('a node starts on it with every guard in its place, and reads what the first cluster sealed', async () => {
  const renewed = await restored();
  const node = new NodeEncryption(world.parts());
  await node.open();
  const session = await node.openGroup(1);
  await session.beginSealing({ last: FIRST.index });
  expect(await readNote({ session } as Running, 'a')).toBe('a value');
  expect(node.keys.seals.epochOf(renewed.activeStorage)).toBe(1);
  for (const { keyId } of state.keys) expect(node.keys.seals.epochOf(keyId)).toBeUndefined();
  await session.close();
  node.close();
});

test('without keys of its own a cluster does not begin', async () => {
  const store = await second.openStore(1);
  await expect(second.finish(store, 1, { state, first: FIRST })).rejects.toThrow('ENC-12');
  await store.close();
});

test('a group without keys is restored without any', async () => {
  const store = await second.openStore(1);
  await second.finish(store, 1, { state: undefined, first: FIRST });
  await second.recordKeys();
  expect(await store.get(SYSTEM_KEYS.keyState)).toBeUndefined();
  expect(await world.disk.status('/data/encryption/keys.json')).toBeUndefined();
  await store.close();
});

test('a state that is none of this cluster’s does not authenticate', async () => {
  const opened = new BackupKeys({ keks: [localKek(1)], ciphers, hashes });
  await expect(opened.open({ group: 1, clusterId: SECOND_ID, state })).rejects.toMatchObject({
    code: 'BACKUP_INVALID',
    details: { group: 1, field: 'mac' },
  });
});
