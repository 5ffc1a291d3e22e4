import { tableRange } from '@caisson/formats';
import { NodeStates, type RetirementSub, retirementPayload, rotationPayload } from '../src/index.js';
import { APPLIED, propose } from './entries.js';
import { note } from './mini-engine.js';
import { driven, readNote, type Running, World } from './world.js';

let world: World;
let running: Running;
let old: { readonly storage: number; readonly raft: number };

beforeEach(async () => {
  world = new World();
  running = await driven(world);
  for (const key of ['a', 'b', 'c']) await running.engine.propose(note(key, `value of ${key}`));
  old = { storage: state().activeStorage, raft: state().activeRaft };
  for (const purpose of ['storage', 'raft'] as const) {
    await order(await rotationPayload(running.node, running.session, { purpose }));
  }
  await running.drive();
});
afterEach(() => running.stop());

const state = () => running.session.state.current.keys;
const order = async (payload: Uint8Array) => expect(await propose(running, payload)).toEqual(APPLIED);
const references = (keyId: number) => running.session.keyReferences(keyId);
const isHeld = (keyId: number) => running.node.keys.keystore.get(keyId) !== undefined;
const sidecarIds = () => running.node.status().keys.map(({ keyId }) => keyId);

async function end(keyId: number, sub: RetirementSub = 'retire'): Promise<void> {
  await order(await retirementPayload(running.node, running.session, { sub, keyId }));
}

async function rewritten(): Promise<void> {
  running.rewrite.start();
  await running.rewrite.ended();
}

describe('references', () => {
  test('tell what a storage key still seals, and that it seals nothing any more', async () => {
    expect(await references(old.storage)).toMatchObject({
      purpose: 'storage',
      state: 'retiring',
      values: 3,
      intents: 0,
      unreadable: 0,
      lastUse: 0,
      stateIndex: state().stateIndex,
      applied: running.engine.applied,
      isHeld: true,
      isCursorTarget: false,
    });
    await rewritten();
    expect(await references(old.storage)).toMatchObject({ values: 0, applied: running.engine.applied });
    expect(await references(state().activeStorage)).toMatchObject({ state: 'active', values: 3 });
  });

  test('tell values from locks and intents', async () => {
    const view = world.below!.view();
    const [pair] = await view.scan(tableRange(2)).next();
    await view.close();
    await world.below!.batch().put(pair!.key.with(0, 3), pair!.value).write({ sync: true });
    expect(await references(old.storage)).toMatchObject({ values: 3, intents: 1 });
  });

  test('count a state that is read, as of its moment, until it is closed', async () => {
    const states = new NodeStates(running.node);
    const backup = states.view(1, 'backup');
    const snapshot = states.view(1, 'snapshot');
    const unnamed = states.view(1);
    const index = running.engine.applied;
    await rewritten();
    expect(await references(old.storage)).toMatchObject({
      values: 0,
      leases: [
        { kind: 'backup', index, values: 3 },
        { kind: 'snapshot', index, values: 3 },
      ],
    });
    await backup.close();
    await snapshot.close();
    const later = states.view(1, 'backup');
    expect(await references(old.storage)).toMatchObject({ leases: [{ kind: 'backup', values: 0 }] });
    await later.close();
    await unnamed.close();
    expect((await references(old.storage)).leases).toEqual([]);
  });

  test('name a state that is received, until it is gone', async () => {
    const incoming = await new NodeStates(running.node).receive(1);
    expect((await references(old.storage)).leases).toEqual([{ kind: 'incoming', index: 0 }]);
    await incoming.discard();
    expect((await references(old.storage)).leases).toEqual([]);
  });

  test('name a key that is the target of an unfinished run', async () => {
    const before = state().activeStorage;
    world.willMaintain = () => void running.rewrite.stop();
    await rewritten();
    world.willMaintain = () => undefined;
    expect(await references(before)).toMatchObject({ isCursorTarget: true });
    expect(await references(old.storage)).toMatchObject({ isCursorTarget: false });
  });

  test('of a Raft key end with the last entry this node sealed or opened under it', async () => {
    const rotation = state().stateIndex;
    expect((await references(old.raft)).lastUse).toBe(rotation);
    await running.engine.propose(note('d', 'later'));
    expect((await references(old.raft)).lastUse).toBe(rotation);
    expect((await references(state().activeRaft)).lastUse).toBe(running.engine.applied);
  });

  test('of a Raft key are not known of what was applied before the process began', async () => {
    await running.engine.propose(note('d', 'later'));
    const { applied } = running.engine;
    await running.stop();
    running = await driven(world);
    expect((await references(old.raft)).lastUse).toBe(applied);
  });

  test('of an unknown key are none, and a value of which nobody can tell the key may be under any', async () => {
    expect(await references(1)).toMatchObject({ state: 'unknown', values: 0, isHeld: false });
    const view = world.below!.view();
    const [pair] = await view.scan(tableRange(2)).next();
    await view.close();
    await world.below!.batch().put(pair!.key, pair!.value.slice(0, 10)).write({ sync: true });
    expect(await references(old.storage)).toMatchObject({ values: 2, unreadable: 1 });
  });
});

describe('erasure', () => {
  test('takes the bytes of a retired key once nothing is under it', async () => {
    await rewritten();
    for (const keyId of [old.storage, old.raft]) await end(keyId);
    expect([isHeld(old.storage), isHeld(old.raft)]).toEqual([true, true]);
    expect([...(await running.retired.sweep())].sort()).toEqual([old.storage, old.raft].sort());
    expect([isHeld(old.storage), isHeld(old.raft)]).toEqual([false, false]);
    expect(sidecarIds()).toHaveLength(2);
    expect(await references(old.storage)).toMatchObject({ state: 'retired', values: 0, isHeld: false });
    await running.stop();
    running = await driven(world);
    expect(await readNote(running, 'a')).toBe('value of a');
    await running.engine.propose(note('a', 'again'));
    expect(await readNote(running, 'a')).toBe('again');
  });

  test('leaves a key alone that is suspended, retiring, or has values left', async () => {
    await end(old.raft, 'suspend');
    await end(old.storage);
    expect(await running.retired.sweep()).toEqual([]);
    expect(sidecarIds()).toHaveLength(4);
    expect(await readNote(running, 'a')).toBe('value of a');
  });

  test('in the background rewrites first what is left, and looks again at the next start', async () => {
    await end(old.storage);
    running.retired.start();
    while (isHeld(old.storage)) await world.clock.turn();
    expect(await readNote(running, 'b')).toBe('value of b');
    await end(old.raft);
    while (isHeld(old.raft)) await world.clock.turn();
    await running.retired.stop();
    expect(sidecarIds()).toHaveLength(2);
  });

  test('does not hold up the end of a node that still rewrites', async () => {
    await end(old.storage);
    await running.stop();
    running = await world.start();
    running.retired.start();
    while (!running.rewrite.isRunning) await world.clock.turn();
    await running.retired.stop();
    expect([running.rewrite.isRunning, isHeld(old.storage)]).toEqual([false, true]);
  });

  test('keeps the key of a value that does not open', async () => {
    const view = world.below!.view();
    const [pair] = await view.scan(tableRange(2)).next();
    await view.close();
    const damaged = pair!.value.with(-1, pair!.value.at(-1)! ^ 1);
    await world.below!.batch().put(pair!.key, damaged).write({ sync: true });
    await end(old.storage);
    running.retired.start();
    while (running.rewrite.status()[0]!.state !== 'failed') await world.clock.turn();
    await running.retired.stop();
    expect(isHeld(old.storage)).toBe(true);
  });

  test('a loss of power right after it brings back nothing that needs the key', async () => {
    await rewritten();
    await end(old.storage);
    await running.retired.sweep();
    world.crash();
    await running.stop().catch(() => undefined);
    running = await driven(world);
    for (const key of ['a', 'b', 'c']) expect(await readNote(running, key)).toBe(`value of ${key}`);
    expect(isHeld(old.storage)).toBe(false);
  });

  test('a loss of power before the sidecar is written leaves it to the next start', async () => {
    await rewritten();
    await end(old.storage);
    world.disk.onStep = () => {
      throw new RangeError('the power is gone');
    };
    await expect(running.retired.sweep()).rejects.toThrow('power');
    expect(isHeld(old.storage)).toBe(true);
    world.disk.onStep = () => undefined;
    world.crash();
    await running.stop().catch(() => undefined);
    running = await driven(world);
    expect(await running.retired.sweep()).toEqual([old.storage]);
  });
});
