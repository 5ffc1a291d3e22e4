import type { ReplicationEngine } from '@caisson/contracts';
import { EMPTY_KEY_STATE } from '@caisson/formats';
import { CipherRegistry, KeyDriver, Keystore, NodeEncryption } from '../src/index.js';
import { authenticate } from '../src/state/key-state-mac.js';
import { ciphers, hashes, random, World } from './world.js';

let world: World;

beforeEach(() => {
  world = new World();
});

test('ENC-1: a sidecar is never written without the DEK that authenticates it', async () => {
  const { keys } = new NodeEncryption(world.parts());
  await expect(keys.book.record({})).rejects.toThrow('ENC-1');
  expect(world.disk.files.size).toBe(0);
});

test('ENC-2: a key state is never authenticated under a DEK that is not held', () => {
  const keystore = new Keystore(hashes, new CipherRegistry(ciphers));
  const authority = { hashes, keystore, clusterId: new Uint8Array(16) };
  expect(() => authenticate({ ...EMPTY_KEY_STATE, macKeyId: 7 }, authority)).toThrow('ENC-2');
});

test('ENC-5: no group is opened before the guards of the start have passed', async () => {
  await expect(new NodeEncryption(world.parts()).openGroup(1)).rejects.toThrow('ENC-5');
});

test('ENC-6: a group is used between its opening and its closing only', async () => {
  const { node, stop } = await world.start();
  expect(() => node.session(2)).toThrow('ENC-6');
  await stop();
  expect(() => node.session(1)).toThrow('ENC-6');
});

test('ENC-7: a key entry that was applied without effect is not proposed for ever', async () => {
  const { node } = await world.start();
  const outcome = { kind: 'applied', result: new Uint8Array(0) };
  const group = {
    id: 1,
    status: () => ({ leads: true, applied: 1 }),
    propose: async () => ({ position: 1, outcome }),
  };
  const engine = { groups: [1], group: () => group } as unknown as ReplicationEngine;
  const { clock, logger, faults } = world;
  const driver = new KeyDriver({ node, engine, clock, random, logger, faults });
  await expect(driver.start()).rejects.toThrow('ENC-7');
});
