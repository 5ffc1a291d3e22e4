import {
  decodeLifecycle,
  encodeLifecycle,
  encodeRegisterWriter,
  fullNodeId,
  type KeyPurpose,
  type LifecycleWire2,
} from '@caisson/formats';
import { rewrapPayload, rotationPayload } from '../src/index.js';
import { APPLIED, CONSUMED, propose, refusedWith } from './entries.js';
import { note } from './mini-engine.js';
import { driven, localKek, readNote, type Running, withUnwrap, World } from './world.js';

const OTHER = fullNodeId('n2');
let world: World;
let running: Running;

beforeEach(async () => {
  world = new World();
  running = await driven(world);
  await running.engine.propose(note('a', 'before'));
});

const state = () => running.session.state.current.keys;
const edited = (payload: Uint8Array, change: Partial<LifecycleWire2>) =>
  encodeLifecycle({ ...(decodeLifecycle(payload) as LifecycleWire2), ...change });
const rotation = (purpose: KeyPurpose) => rotationPayload(running.node, running.session, { purpose });

describe('rotation', () => {
  test.each(['storage', 'raft'] as const)(
    'of the %s DEK: the new one seals, the old one opens',
    async (purpose) => {
      const before = purpose === 'storage' ? state().activeStorage : state().activeRaft;
      expect(await propose(running, await rotation(purpose))).toEqual(APPLIED);
      const after = purpose === 'storage' ? state().activeStorage : state().activeRaft;
      expect(after).not.toBe(before);
      expect(state().keys.find(({ keyId }) => keyId === before)?.state).toBe('retiring');
      expect(running.session.admission('user')).toBeUndefined();
      await running.engine.propose(note('b', 'after'));
      expect([await readNote(running, 'a'), await readNote(running, 'b')]).toEqual(['before', 'after']);
      await running.stop();
      running = await driven(world);
      await running.engine.propose(note('c', 'restarted'));
      expect([await readNote(running, 'a'), await readNote(running, 'c')]).toEqual(['before', 'restarted']);
      const epochs = new Map(running.node.status().keys.map(({ keyId, localEpoch }) => [keyId, localEpoch]));
      expect(epochs.get(after)).toBe(1);
      await running.stop();
    },
  );

  test('registers every writer of the old key for the new one, so that none has to wait', async () => {
    const old = state().activeStorage;
    await propose(running, encodeRegisterWriter({ dekId: old, fullNodeId: OTHER, epoch: 5 }));
    await propose(running, await rotation('storage'));
    const row = await running.session.registry!.row(state().activeStorage, OTHER);
    expect(row).toEqual({ fullNodeId: OTHER, firstSeenEpoch: 0, lastSeenEpoch: 0 });
  });

  test('is not ordered under a KEK that became another one under its old name, and neither is a rewrap', async () => {
    const [kek] = world.keks;
    const description = await kek!.describe();
    const other = localKek(99, description.provider);
    running.node.keys.ring.replace([
      {
        ...withUnwrap(other, (blob, context) => other.unwrap(blob, context)),
        describe: () => Promise.resolve(description),
      },
    ]);
    await expect(rotation('raft')).rejects.toMatchObject({ code: 'KEK_MISMATCH' });
    await expect(rewrapPayload(running.node, running.session)).rejects.toMatchObject({
      code: 'KEK_MISMATCH',
    });
    running.node.keys.ring.replace([kek!, localKek(2, 'env')]);
    expect(await propose(running, await rotation('raft'))).toEqual(APPLIED);
    await running.stop();
  });

  test('a repeat is consumed, and one that looked before another entry is refused', async () => {
    const payload = await rotation('raft');
    const late = await rotation('raft');
    expect(await propose(running, payload)).toEqual(APPLIED);
    const keys = state();
    expect(await propose(running, payload)).toEqual(CONSUMED);
    expect(await propose(running, late)).toEqual(refusedWith('STATE_STALE'));
    expect(state()).toBe(keys);
  });

  test.each<[string, string, (entry: LifecycleWire2) => Partial<LifecycleWire2>]>([
    ['another cluster', 'CLUSTER_MISMATCH', () => ({ clusterId: new Uint8Array(16) })],
    ['another membership', 'STATE_STALE', () => ({ confIndex: 0 })],
    ['an id in use', 'KEY_CONFLICT', ({ keys }) => ({ keys: [{ ...keys[0]!, keyId: state().activeRaft }] })],
    ['no id', 'INVALID_ARGUMENT', ({ keys }) => ({ keys: [{ ...keys[0]!, keyId: 0 }] })],
    [
      'a foreign origin',
      'INVALID_ARGUMENT',
      ({ keys }) => ({ keys: [{ ...keys[0]!, originId: new Uint8Array(16) }] }),
    ],
  ])('with %s is refused, and nothing changes', async (_, code, change) => {
    const payload = await rotation('storage');
    const keys = state();
    const entry = decodeLifecycle(payload) as LifecycleWire2;
    expect(await propose(running, edited(payload, change(entry)))).toEqual(refusedWith(code));
    expect(state()).toBe(keys);
  });

  test('a DEK that this node cannot unwrap halts, and the start replays the entry', async () => {
    const payload = await rotation('storage');
    const entry = decodeLifecycle(payload) as LifecycleWire2;
    const swapped = edited(payload, { keys: [{ ...entry.keys[0]!, purpose: 'raft' }] });
    const { applied } = running.engine;
    await expect(propose(running, swapped)).rejects.toBeDefined();
    expect(running.engine.applied).toBe(applied);
    await running.stop();
    await expect(world.start()).rejects.toBeDefined();
  });

  test('a loss of power between sidecar and store repeats the entry to the same end', async () => {
    world.willWrite = () => {
      throw new RangeError('the power is gone');
    };
    await expect(propose(running, await rotation('storage'))).rejects.toThrow('power');
    world.crash();
    await running.stop().catch(() => undefined);
    running = await driven(world);
    expect(state().keys).toHaveLength(3);
    await running.engine.propose(note('b', 'after'));
    expect([await readNote(running, 'a'), await readNote(running, 'b')]).toEqual(['before', 'after']);
  });
});

describe('rewrapping', () => {
  test('after a KEK was added both open the node, and after one was dropped the other does', async () => {
    const [old, fresh] = [localKek(1), localKek(2, 'other')];
    await running.stop();
    world.keks = [old, fresh];
    running = await driven(world);
    expect(await propose(running, await rewrapPayload(running.node, running.session))).toEqual(APPLIED);
    await running.stop();
    world.keks = [fresh];
    running = await driven(world);
    expect(await readNote(running, 'a')).toBe('before');
    expect(await propose(running, await rewrapPayload(running.node, running.session))).toEqual(APPLIED);
    await running.stop();
    world.keks = [old];
    await expect(world.start()).rejects.toMatchObject({ code: 'KEK_MISMATCH' });
  });

  test('a repeat is consumed; a set that is not the whole one, or of other keys, is refused', async () => {
    const payload = await rewrapPayload(running.node, running.session);
    const entry = decodeLifecycle(payload) as LifecycleWire2;
    const [first, second] = entry.keys;
    const keys = state();
    const alone = edited(payload, { keys: [first!] });
    expect(await propose(running, alone)).toEqual(refusedWith('INVALID_ARGUMENT'));
    const forged = edited(payload, { keys: [{ ...first!, check: new Uint8Array(8) }, second!] });
    expect(await propose(running, forged)).toEqual(refusedWith('KEY_CONFLICT'));
    expect(state()).toBe(keys);
    expect(await propose(running, payload)).toEqual(APPLIED);
    expect(await propose(running, payload)).toEqual(CONSUMED);
  });
});
