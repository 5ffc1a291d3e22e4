import { fromUtf8, toUtf8 } from '@caisson/base';
import { decodeLifecycle, encodeLifecycle, type LifecycleWire2, versionKey } from '@caisson/formats';
import { registrationPayload, type RetirementSub, retirementPayload, rotationPayload } from '../src/index.js';
import { APPLIED, CONSUMED, propose, refusedWith } from './entries.js';
import { note } from './mini-engine.js';
import { driven, readNote, type Running, World } from './world.js';

let world: World;
let running: Running;
/** Commit timestamp of the value. */
let written: bigint;
let old: { readonly storage: number; readonly raft: number };

/** One value under a storage DEK that was rotated out, and a log under both Raft DEKs. */
beforeEach(async () => {
  world = new World();
  running = await driven(world);
  await running.engine.propose(note('a', 'before'));
  written = BigInt(running.engine.applied);
  old = { storage: state().activeStorage, raft: state().activeRaft };
  for (const purpose of ['storage', 'raft'] as const) {
    expect(await propose(running, await rotationPayload(running.node, running.session, { purpose }))).toEqual(
      APPLIED,
    );
  }
  await running.drive();
});

const state = () => running.session.state.current.keys;
const ending = (sub: RetirementSub, keyId: number) =>
  retirementPayload(running.node, running.session, { sub, keyId });
const stateOf = (keyId: number) => state().keys.find((key) => key.keyId === keyId)?.state;
const sidecarState = (keyId: number) => running.node.status().keys.find((key) => key.keyId === keyId)?.state;

async function edited(sub: RetirementSub, change: (entry: LifecycleWire2) => Partial<LifecycleWire2>) {
  const entry = decodeLifecycle(await ending(sub, old.storage)) as LifecycleWire2;
  return encodeLifecycle({ ...entry, ...change(entry) });
}

describe('suspension', () => {
  test('a suspended key opens nothing and comes back with everything', async () => {
    expect(await propose(running, await ending('suspend', old.storage))).toEqual(APPLIED);
    expect([stateOf(old.storage), sidecarState(old.storage)]).toEqual(['suspended', 'suspended']);
    await expect(readNote(running, 'a')).rejects.toMatchObject({
      code: 'KEY_RETIRED',
      details: { keyId: old.storage, keyHash: expect.any(String) },
    });
    const key = versionKey(toUtf8('a'), written);
    await expect(running.session.readers.get(key)).rejects.toMatchObject({ code: 'KEY_RETIRED' });
    // Apply must never stop at it: the entry that brings the key back comes after.
    expect(fromUtf8((await running.session.store.get(key))!.subarray(9))).toBe('before');
    await running.engine.propose(note('b', 'after'));
    expect(await readNote(running, 'b')).toBe('after');
    expect(await propose(running, await ending('resume', old.storage))).toEqual(APPLIED);
    expect(await readNote(running, 'a')).toBe('before');
    expect([stateOf(old.storage), sidecarState(old.storage)]).toEqual(['retiring', 'retiring']);
  });

  test('values that are left under a suspended key can be rewritten', async () => {
    await propose(running, await ending('suspend', old.storage));
    running.rewrite.start();
    await running.rewrite.ended();
    expect(await readNote(running, 'a')).toBe('before');
    await running.stop();
  });

  test('holds after a restart, and a suspended key can still be retired', async () => {
    await propose(running, await ending('suspend', old.storage));
    await running.stop();
    running = await driven(world);
    await expect(readNote(running, 'a')).rejects.toMatchObject({ code: 'KEY_RETIRED' });
    expect(await propose(running, await ending('retire', old.storage))).toEqual(APPLIED);
  });

  test('repeats are consumed', async () => {
    for (const sub of ['suspend', 'resume'] as const) {
      const payload = await ending(sub, old.storage);
      await propose(running, payload);
      const keys = state();
      expect(await propose(running, payload)).toEqual(CONSUMED);
      expect(await propose(running, await ending(sub, old.storage))).toEqual(CONSUMED);
      expect(state()).toBe(keys);
    }
  });

  test('a sealed entry under a suspended key has no effect, and everything before stays', async () => {
    const { session, engine } = running;
    const before = { ...session.state.current, keys: { ...state(), activeRaft: old.raft } };
    await propose(running, await ending('suspend', old.raft));
    const now = session.state.current;
    session.state.current = before;
    engine.append(note('a', 'under the old key'));
    session.state.current = now;
    expect(await engine.replay()).toEqual(refusedWith('ENVELOPE_CUTOVER_IN_PROGRESS'));
    expect(await readNote(running, 'a')).toBe('before');
  });
});

describe('retirement', () => {
  test('drops the key and its writers, and remembers its id for ever', async () => {
    expect(await running.session.registry!.writersOf(old.storage)).toHaveLength(1);
    expect(await propose(running, await ending('retire', old.storage))).toEqual(APPLIED);
    expect(stateOf(old.storage)).toBeUndefined();
    expect(state().retiredIds).toEqual([old.storage]);
    expect(await running.session.registry!.writersOf(old.storage)).toEqual([]);
    const rotation = await rotationPayload(running.node, running.session, { purpose: 'storage' });
    const entry = decodeLifecycle(rotation) as LifecycleWire2;
    const again = encodeLifecycle({ ...entry, keys: [{ ...entry.keys[0]!, keyId: old.storage }] });
    expect(await propose(running, again)).toEqual(refusedWith('KEY_RETIRED'));
    await propose(running, await ending('retire', old.raft));
    expect(state().retiredIds).toEqual([old.storage, old.raft].sort((a, b) => a - b));
  });

  test('what a node has left under a retired key stays readable there, also after a restart', async () => {
    await propose(running, await ending('retire', old.storage));
    expect(sidecarState(old.storage)).toBe('retired');
    expect(await readNote(running, 'a')).toBe('before');
    await running.stop();
    running = await driven(world);
    expect(await readNote(running, 'a')).toBe('before');
    await running.stop();
  });

  test('a registration under a retired key is refused', async () => {
    const payload = registrationPayload(running.node, old.storage);
    await propose(running, await ending('retire', old.storage));
    await expect(propose(running, payload)).resolves.toEqual(refusedWith('KEY_RETIRED'));
  });

  test('a repeat is consumed, and one that looked before another entry is refused', async () => {
    const payload = await ending('retire', old.storage);
    const late = await ending('retire', old.raft);
    expect(await propose(running, payload)).toEqual(APPLIED);
    const keys = state();
    expect(await propose(running, payload)).toEqual(CONSUMED);
    expect(await propose(running, late)).toEqual(refusedWith('STATE_STALE'));
    expect(state()).toBe(keys);
  });

  test.each(['retire', 'suspend', 'resume'] as const)('%s of an active key is refused', async (sub) => {
    const keys = state();
    for (const keyId of [keys.activeStorage, keys.activeRaft]) {
      expect(await propose(running, await ending(sub, keyId))).toEqual(refusedWith('INVALID_ARGUMENT'));
    }
    expect(state()).toBe(keys);
  });

  test.each<[string, string, (entry: LifecycleWire2) => Partial<LifecycleWire2>]>([
    ['another cluster', 'CLUSTER_MISMATCH', () => ({ clusterId: new Uint8Array(16) })],
    ['another membership', 'STATE_STALE', () => ({ confIndex: 0 })],
    ['an unknown key', 'KEY_RETIRED', ({ keys }) => ({ keys: [{ ...keys[0]!, keyId: 1 }] })],
    ['another purpose', 'INVALID_ARGUMENT', ({ keys }) => ({ keys: [{ ...keys[0]!, purpose: 'raft' }] })],
    [
      'another check value',
      'KEY_CONFLICT',
      ({ keys }) => ({ keys: [{ ...keys[0]!, check: new Uint8Array(8) }] }),
    ],
  ])('with %s is refused, and nothing changes', async (_, code, change) => {
    const keys = state();
    expect(await propose(running, await edited('retire', change))).toEqual(refusedWith(code));
    expect(state()).toBe(keys);
  });

  test.each(['retire', 'suspend'] as const)(
    'a loss of power between sidecar and store repeats %s to the same end',
    async (sub) => {
      world.willWrite = () => {
        throw new RangeError('the power is gone');
      };
      await expect(propose(running, await ending(sub, old.storage))).rejects.toThrow('power');
      world.crash();
      await running.stop().catch(() => undefined);
      running = await driven(world);
      expect(stateOf(old.storage)).toBe(sub === 'retire' ? undefined : 'suspended');
      await running.engine.propose(note('b', 'after'));
      expect(await readNote(running, 'b')).toBe('after');
    },
  );

  test('a node that lost its sidecar is restored without the retired key', async () => {
    await propose(running, await ending('retire', old.storage));
    await running.stop();
    await world.disk.remove('/data/encryption/keys.json');
    running = await driven(world);
    expect(sidecarState(old.storage)).toBeUndefined();
    await expect(readNote(running, 'a')).rejects.toMatchObject({
      code: 'KEY_RETIRED',
      details: { keyId: old.storage, state: 'retired' },
    });
  });
});
