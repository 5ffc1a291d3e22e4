import { concatBytes, toUtf8 } from '@caisson/base';
import {
  decodeKeyState,
  decodeLifecycle,
  encodeClearProposal,
  encodeHeader,
  encodeLifecycle,
  splitValue,
  SYSTEM_KEYS,
  TOMBSTONE,
  VALUE_HEADER_BYTES,
  versionKey,
} from '@caisson/formats';
import { sealedModePayload } from '../src/index.js';
import { note } from './mini-engine.js';
import { driven, readNote, type Running, World } from './world.js';

let world: World;
let running: Running;

beforeEach(async () => {
  world = new World();
  running = await driven(world);
});

const keys = () => running.session.state.current.keys;
const order = () => sealedModePayload(running.node, running.session);
const REFUSED = { code: 'ENCRYPTED_READ_INTEGRITY' };

/** After the mode is on: a place for versions that are newer, and one for versions that are older. */
async function turnedOn(): Promise<{ readonly newer: Uint8Array; readonly older: Uint8Array }> {
  await running.engine.propose(note('a', 'before'));
  await running.engine.propose(await order());
  const { sealedModeTs } = keys();
  return {
    newer: versionKey(toUtf8('a'), sealedModeTs + 1n),
    older: versionKey(toUtf8('old'), sealedModeTs),
  };
}

async function plant(key: Uint8Array, stored: Uint8Array): Promise<void> {
  await world.below!.batch().put(key, stored).write({ sync: true });
}

const bury = (key: Uint8Array) => running.session.store.batch().put(key, TOMBSTONE).write({ sync: true });

test('the mode is recorded with its index and the last commit before it, and survives a restart', async () => {
  expect(keys().sealedModeIndex).toBe(0);
  await turnedOn();
  expect(keys()).toMatchObject({ sealedModeIndex: running.engine.applied, sealedModeTs: 5n });
  const before = keys();
  await running.stop();
  running = await driven(world);
  expect(keys()).toEqual(before);
  expect(decodeKeyState((await world.below!.get(SYSTEM_KEYS.keyState))!)).toEqual(before);
  expect(await readNote(running, 'a')).toBe('before');
});

test('deletes are sealed from then on, and read as deletes', async () => {
  const { newer } = await turnedOn();
  await bury(newer);
  const stored = (await world.below!.get(newer))!;
  expect(splitValue(stored).header).toMatchObject({ tombstone: true, state: 'sealed' });
  expect(await running.session.store.get(newer)).toEqual(TOMBSTONE);
  const view = running.session.readers.view();
  expect((await view.scan({ from: Uint8Array.of(2), to: Uint8Array.of(3) }).next())[0]!.value).toEqual(
    TOMBSTONE,
  );
  await view.close();
});

test('a clear tombstone in the place of a value is an integrity failure, not an absence', async () => {
  const { newer, older } = await turnedOn();
  await running.engine.propose(note('a', 'after'));
  await plant(newer, TOMBSTONE);
  await expect(running.session.store.get(newer)).rejects.toMatchObject(REFUSED);
  await expect(running.session.readers.get(newer)).rejects.toMatchObject(REFUSED);
  await plant(older, TOMBSTONE);
  expect(await running.session.store.get(older)).toEqual(TOMBSTONE);
});

test('neither a sealed tombstone nor a sealed value can be turned into the other', async () => {
  const { newer } = await turnedOn();
  await bury(newer);
  const tombstone = (await world.below!.get(newer))!;
  const value = concatBytes(
    encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n }),
    tombstone.subarray(VALUE_HEADER_BYTES),
  );
  await plant(newer, value);
  await expect(running.session.store.get(newer)).rejects.toMatchObject(REFUSED);
  await plant(versionKey(toUtf8('b'), 99n), tombstone);
  await expect(running.session.store.get(versionKey(toUtf8('b'), 99n))).rejects.toMatchObject(REFUSED);
});

test('a clear value fails as before', async () => {
  const { newer } = await turnedOn();
  const header = encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n });
  await plant(newer, concatBytes(header, toUtf8('forged')));
  await expect(running.session.store.get(newer)).rejects.toMatchObject(REFUSED);
});

test('a clear entry halts, whatever the row about the cutover says', async () => {
  await turnedOn();
  const { state } = running.session;
  const term = state.current.progress!.term;
  state.current = { ...state.current, progress: { term, sealedSeen: false } };
  const index = running.engine.applied + 1;
  expect(() =>
    running.session.openProposal({ term, index }, encodeClearProposal(1n, note('a', 'x'))),
  ).toThrow(
    expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED', details: expect.objectContaining({ index }) }),
  );
});

test('a repeat changes nothing, and an entry from another moment or cluster is refused', async () => {
  const repeated = await order();
  const entry = decodeLifecycle(repeated);
  const other = encodeLifecycle({ ...entry, clusterId: new Uint8Array(16) } as typeof entry);
  expect(await running.engine.propose(other)).toMatchObject({ error: { code: 'CLUSTER_MISMATCH' } });
  const stale = encodeLifecycle({ ...entry, stateIndex: 1 } as typeof entry);
  expect(await running.engine.propose(stale)).toMatchObject({ error: { code: 'STATE_STALE' } });
  await running.engine.propose(repeated);
  const before = keys();
  expect(await running.engine.propose(repeated)).toMatchObject({ kind: 'applied' });
  expect(keys()).toEqual(before);
});

test('it is refused before both envelopes are in force', async () => {
  world = new World({ birth: 'clear' });
  running = await driven(world);
  const entry = encodeLifecycle({
    wire: 2,
    sub: 'sealModeOn',
    clusterId: world.identity.clusterId,
    confIndex: 1,
    stateIndex: 0,
    fullNodeId: running.node.keys.seals.fullNodeId,
    epoch: 0,
    keys: [],
  });
  const refusal = await running.engine.propose(entry);
  expect(refusal).toMatchObject({ kind: 'refused', error: { code: 'ENCRYPTION_NOT_BOOTSTRAPPED' } });
});

test('rewriting seals the tombstones from before, and counts them', async () => {
  const older = versionKey(toUtf8('old'), 4n);
  await bury(older);
  expect((await world.below!.get(older))!).toEqual(TOMBSTONE);
  running.rewrite.start();
  await running.rewrite.ended();
  expect((await world.below!.get(older))!).toEqual(TOMBSTONE);
  await turnedOn();
  running.rewrite.start();
  await running.rewrite.ended();
  expect(running.rewrite.status()).toMatchObject([{ state: 'finished', done: 1, total: 1 }]);
  const stored = (await world.below!.get(older))!;
  expect(splitValue(stored).header).toMatchObject({ tombstone: true, state: 'sealed' });
  expect(await running.session.store.get(older)).toEqual(TOMBSTONE);
});
