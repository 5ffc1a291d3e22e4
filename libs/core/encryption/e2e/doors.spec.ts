import { concatBytes, fnv1a64, toUtf8 } from '@caisson/base';
import {
  decodeProposal,
  encodeClearProposal,
  encodeHeader,
  encodeSealedProposal,
  splitValue,
  TABLE,
  TOMBSTONE,
  versionKey,
} from '@caisson/formats';
import { NodeEncryption } from '../src/index.js';
import { note } from './mini-engine.js';
import { driven, readNote, type Running, World } from './world.js';

let world: World;
let running: Running;

beforeEach(async () => {
  world = new World();
  running = await driven(world);
});

const KEY = versionKey(toUtf8('a'), 5n);

/** A sealed value at `KEY`, as it lies on the disk. */
async function sealed(): Promise<Uint8Array> {
  await running.engine.propose(note('a', 'a value'));
  return (await world.below!.get(KEY))!;
}

async function plant(key: Uint8Array, value: Uint8Array): Promise<void> {
  await world.below!.batch().put(key, value).write({ sync: true });
}

/** Every read path refuses alike. */
async function refusedEverywhere(key: Uint8Array, code: string): Promise<void> {
  const refusal = { code };
  const { store } = running.session;
  await expect(store.get(key)).rejects.toMatchObject(refusal);
  for (const direction of ['forward', 'reverse'] as const) {
    const view = store.view(direction);
    await expect(view.get(key)).rejects.toMatchObject(refusal);
    await expect(view.scan({ from: Uint8Array.of(2), to: Uint8Array.of(4) }).next()).rejects.toMatchObject(
      refusal,
    );
    await view.close();
  }
}

describe('values', () => {
  test('a flipped bit anywhere in a stored value is an integrity failure, or names what it hit', async () => {
    const stored = await sealed();
    const codes = new Set<string>();
    for (let bit = 0; bit < stored.length * 8; bit++) {
      const flipped = Uint8Array.from(stored);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      await plant(KEY, flipped);
      const error = await running.session.store.get(KEY).catch((failure: unknown) => failure);
      codes.add((error as { code: string }).code);
    }
    expect([...codes].sort()).toEqual([
      'ENCRYPTED_READ_INTEGRITY',
      'ENCRYPTED_VALUE_RESERVED_STATE',
      'UNKNOWN_KEY_ID',
    ]);
  });

  test('a flipped bit in the ciphertext fails on every read path', async () => {
    const stored = await sealed();
    stored[stored.length - 1]! ^= 1;
    await plant(KEY, stored);
    await refusedEverywhere(KEY, 'ENCRYPTED_READ_INTEGRITY');
  });

  test('a value moved to another key, or to another version of its key, fails', async () => {
    const stored = await sealed();
    for (const place of [versionKey(toUtf8('b'), 5n), versionKey(toUtf8('a'), 6n)]) {
      await plant(place, stored);
      await refusedEverywhere(place, 'ENCRYPTED_READ_INTEGRITY');
      await world.below!.batch().delete(place).write({ sync: true });
    }
  });

  test('an edited expiry fails', async () => {
    const stored = await sealed();
    stored.set(encodeHeader({ tombstone: false, state: 'sealed', expireAt: 1n }));
    await plant(KEY, stored);
    await refusedEverywhere(KEY, 'ENCRYPTED_READ_INTEGRITY');
  });

  test('a value cut anywhere fails, and never looks absent or empty', async () => {
    const stored = await sealed();
    for (let length = 0; length < stored.length; length++) {
      await plant(KEY, stored.subarray(0, length));
      await expect(running.session.store.get(KEY)).rejects.toMatchObject({
        code: 'ENCRYPTED_READ_INTEGRITY',
      });
    }
  });

  test('a clear value above the cutover fails, whatever it says', async () => {
    const clear = concatBytes(
      encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n }),
      toUtf8('forged'),
    );
    await plant(KEY, clear);
    await refusedEverywhere(KEY, 'ENCRYPTED_READ_INTEGRITY');
  });

  test('a tombstone carries nothing to seal and passes as it is, with nothing added to it', async () => {
    await plant(KEY, TOMBSTONE);
    expect(await running.session.store.get(KEY)).toEqual(TOMBSTONE);
    await plant(KEY, concatBytes(TOMBSTONE, Uint8Array.of(1)));
    await refusedEverywhere(KEY, 'ENCRYPTED_READ_INTEGRITY');
    const batch = running.session.store.batch();
    await batch.put(KEY, TOMBSTONE).write({ sync: true });
    expect(await world.below!.get(KEY)).toEqual(TOMBSTONE);
  });

  test('an unknown key id is told from damage', async () => {
    const stored = await sealed();
    stored[9 + 2]! ^= 1;
    await plant(KEY, stored);
    await refusedEverywhere(KEY, 'UNKNOWN_KEY_ID');
  });

  test('intents are sealed like versions, other tables pass unchanged, and empty values stay empty', async () => {
    const value = encodeHeader({ tombstone: false, state: 'clear', expireAt: 77n });
    const { store } = running.session;
    const [intent, route] = [Uint8Array.of(TABLE.locks, 1), Uint8Array.of(TABLE.routes, 1)];
    await store.batch().put(intent, value).put(route, toUtf8('route')).write({ sync: true });
    expect(splitValue((await world.below!.get(intent))!).header).toMatchObject({
      state: 'sealed',
      expireAt: 77n,
    });
    expect(await store.get(intent)).toEqual(value);
    expect(await world.below!.get(route)).toEqual(toUtf8('route'));
    await expect(store.get(Uint8Array.of(TABLE.versions, 9))).resolves.toBeUndefined();
  });

  test('a value that comes to the door sealed is a bug', async () => {
    const stored = await sealed();
    expect(() => running.session.store.batch().put(KEY, stored)).toThrow('ENC-3');
  });

  test('no error quotes a value or a key', async () => {
    const stored = await sealed();
    stored[stored.length - 1]! ^= 1;
    await plant(KEY, stored);
    const error = await running.session.store.get(KEY).catch((failure: Error) => failure);
    expect((error as Error).message).not.toContain('a value');
    expect((error as Error).message).toContain(`keyHash=${fnv1a64(toUtf8('a')).toString(16)}`);
  });

  test('deleting a range and reading through a view work as below', async () => {
    await sealed();
    const { store } = running.session;
    expect(await store.deleteRange({ from: Uint8Array.of(2), to: Uint8Array.of(3) }, 10)).toEqual({
      deleted: 1,
      more: false,
    });
    expect(await readNote(running, 'a')).toBeUndefined();
  });
});

describe('proposals', () => {
  const PAYLOAD = note('a', 'payload');
  const last = () => world.log.length;
  const cutover = 4;

  function sealedData(index = last() + 1): Uint8Array {
    return running.session.sealProposal({ term: 1, index, proposalId: 42n }, PAYLOAD);
  }

  const open = (index: number, data: Uint8Array, term = 1) =>
    running.session.openProposal({ term, index }, data);

  test('clear at or below the cutover applies', () => {
    const data = running.session.sealProposal({ term: 1, index: cutover, proposalId: 42n }, PAYLOAD);
    expect(decodeProposal(data).kind).toBe('clear');
    expect(open(cutover, data)).toEqual({ kind: 'payload', proposalId: 42n, payload: PAYLOAD });
  });

  test('sealed above the cutover applies', () => {
    const data = sealedData();
    expect(decodeProposal(data).kind).toBe('sealed');
    const opened = open(5, data);
    expect(opened).toMatchObject({ kind: 'payload', proposalId: 42n });
    expect(Uint8Array.from((opened as { payload: Uint8Array }).payload)).toEqual(PAYLOAD);
  });

  test('clear above the cutover, in its term, before any sealed entry, is refused and counted, not applied', async () => {
    expect(open(5, encodeClearProposal(42n, PAYLOAD))).toMatchObject({
      kind: 'refused',
      proposalId: 42n,
      error: { code: 'ENVELOPE_CUTOVER_IN_PROGRESS' },
    });
    running.engine.appendRaw(encodeClearProposal(9n, PAYLOAD));
    expect(await running.engine.replay()).toMatchObject({ kind: 'refused' });
    expect(await readNote(running, 'a')).toBeUndefined();
    await expect(running.engine.propose(note('b', 'goes on'))).resolves.toMatchObject({ kind: 'applied' });
  });

  test('clear above the cutover in a later term halts', () => {
    expect(() => open(5, encodeClearProposal(42n, PAYLOAD), 2)).toThrow(
      expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED' }),
    );
  });

  test('clear above the cutover after a sealed entry halts, at once, after its batch and after a restart', async () => {
    const halts = expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED' });
    expect(open(5, sealedData())).toMatchObject({ kind: 'payload' });
    expect(() => open(6, encodeClearProposal(1n, PAYLOAD))).toThrow(halts);
    await running.stop();
    running = await world.start();
    expect(open(5, encodeClearProposal(1n, PAYLOAD))).toMatchObject({ kind: 'refused' });
    await running.drive();
    expect(running.session.state.current.progress).toEqual({ term: 1, sealedSeen: true });
    expect(() => open(99, encodeClearProposal(1n, PAYLOAD))).toThrow(halts);
    await running.stop();
    running = await world.start();
    expect(() => open(99, encodeClearProposal(1n, PAYLOAD))).toThrow(halts);
  });

  test('a sealed entry counts as seen with the batch that applies it, not with an earlier one', async () => {
    expect(open(6, sealedData(6))).toMatchObject({ kind: 'payload' });
    await running.session.store
      .batch()
      .put(...appliedAt(5))
      .write({ sync: true });
    expect(running.session.state.current.progress?.sealedSeen).toBe(false);
    await running.session.store
      .batch()
      .put(...appliedAt(6))
      .write({ sync: true });
    expect(running.session.state.current.progress?.sealedSeen).toBe(true);
  });

  test('sealed at or below the cutover halts', () => {
    const data = sealedData();
    expect(() => open(cutover, data)).toThrow(expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED' }));
  });

  test('a sealed entry that is damaged, cut, of an unknown key or of an unknown version halts', () => {
    const whole = sealedData();
    const { body } = decodeProposal(whole);
    const edits: [number, number][] = [
      [body.length - 1, 1],
      [0, 2],
      [1, 1],
      [3, 1],
      [10, 1],
    ];
    for (const [at, flip] of edits) {
      const edited = Uint8Array.from(body);
      edited[at]! ^= flip;
      expect(() => open(5, encodeSealedProposal(42n, edited))).toThrow(
        expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED' }),
      );
    }
    expect(() => open(5, encodeSealedProposal(42n, body.subarray(0, 20)))).toThrow(
      expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED' }),
    );
  });

  test('a stored value never opens as a payload', async () => {
    await running.engine.propose(note('a', 'a value'));
    const { body } = splitValue((await world.below!.get(KEY))!);
    expect(() => open(6, encodeSealedProposal(1n, body))).toThrow(
      expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED' }),
    );
  });

  test('what is no proposal is malformed', () => {
    for (const data of [Uint8Array.of(9), Uint8Array.of(1, 2), Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0)]) {
      expect(() => open(5, data)).toThrow(expect.objectContaining({ code: 'ENTRY_MALFORMED' }));
    }
  });

  test('an entry under a retired key is refused, as one that met the cutover', () => {
    const data = sealedData();
    const { state } = running.session;
    state.current = {
      ...state.current,
      keys: { ...state.current.keys, retiredIds: [state.current.keys.activeRaft] },
    };
    expect(open(5, data)).toMatchObject({ kind: 'refused', error: { code: 'ENVELOPE_CUTOVER_IN_PROGRESS' } });
  });

  test('without a cutover everything is clear, and a sealed entry halts', async () => {
    const sealedEarly = sealedData();
    world = new World({ birth: 'clear' });
    running = await driven(world);
    const data = running.session.sealProposal({ term: 1, index: 1_000_000, proposalId: 1n }, PAYLOAD);
    expect(open(1_000_000, data)).toMatchObject({ kind: 'payload' });
    expect(() => open(5, sealedEarly)).toThrow(expect.objectContaining({ code: 'RAFT_UNWRAP_FAILED' }));
  });

  test('sealing before the process has an epoch is a bug', async () => {
    await running.stop();
    const node = new NodeEncryption(world.parts());
    await node.open();
    const session = await node.openGroup(1);
    expect(() => session.sealProposal({ term: 1, index: 99, proposalId: 1n }, PAYLOAD)).toThrow('ENC-4');
  });
});

function appliedAt(index: number): [Uint8Array, Uint8Array] {
  const row = new Uint8Array(8);
  new DataView(row.buffer).setBigUint64(0, BigInt(index));
  return [concatBytes(Uint8Array.of(TABLE.system), toUtf8('applied')), row];
}
