import { concatBytes, toUtf8 } from '@caisson/base';
import { encodeHeader, TOMBSTONE, VALUE_HEADER_BYTES, versionKey } from '@caisson/formats';
import { sealedModePayload } from '../src/index.js';
import { note } from './mini-engine.js';
import { driven, type Running, World } from './world.js';

const KEY = versionKey(toUtf8('a'), 5n);
const ENVELOPE_AT = VALUE_HEADER_BYTES;
let world: World;
let running: Running;
let stored: Uint8Array;

beforeEach(async () => {
  world = new World();
  running = await driven(world);
  await running.engine.propose(note('a', 'a value'));
  stored = (await world.below!.get(KEY))!;
});

async function plant(value: Uint8Array, key = KEY): Promise<void> {
  await world.below!.batch().put(key, value).write({ sync: true });
}

async function damageOf(value: Uint8Array, key = KEY): Promise<unknown> {
  await plant(value, key);
  const failure = await running.session.store.get(key).catch((error: unknown) => error);
  return (failure as { details: { damage: string } }).details.damage;
}

const withHeader = (header: Partial<{ tombstone: boolean; expireAt: bigint }>) =>
  concatBytes(
    encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n, ...header }),
    stored.subarray(ENVELOPE_AT),
  );

const flip = (at: number) => stored.with(at, stored.at(at)! ^ 1);

describe('a value that does not open says what was done to it', () => {
  test('a changed header or flag', async () => {
    expect(await damageOf(withHeader({ expireAt: 9n }))).toBe('context mismatch');
    expect(await damageOf(withHeader({ tombstone: true }))).toBe('context mismatch');
    expect(await damageOf(flip(ENVELOPE_AT + 1))).toBe('context mismatch');
    expect(await damageOf(flip(0).with(0, 0x04))).toBe('context mismatch');
  });

  test('a key it does not belong to, held here or not', async () => {
    const { activeRaft } = running.session.state.current.keys;
    expect(await damageOf(flip(ENVELOPE_AT + 3))).toBe('wrong key');
    const other = stored.slice();
    new DataView(other.buffer).setUint32(ENVELOPE_AT + 2, activeRaft);
    expect(await damageOf(other)).toBe('wrong key');
  });

  test('too short for an envelope, or for a header', async () => {
    expect(await damageOf(stored.subarray(0, ENVELOPE_AT + 30))).toBe('truncation');
    expect(await damageOf(stored.subarray(0, ENVELOPE_AT))).toBe('truncation');
    expect(await damageOf(stored.subarray(0, 4))).toBe('truncation');
  });

  test('changed bits, a missing end, another place: which of these, nobody can tell', async () => {
    expect(await damageOf(flip(stored.length - 1))).toBe('bit rot');
    expect(await damageOf(flip(ENVELOPE_AT + 12))).toBe('bit rot');
    expect(await damageOf(stored.subarray(0, -1))).toBe('bit rot');
    expect(await damageOf(stored, versionKey(toUtf8('b'), 5n))).toBe('bit rot');
  });

  test('clear where nothing clear is genuine', async () => {
    const clear = encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n });
    expect(await damageOf(concatBytes(clear, toUtf8('forged')))).toBe('context mismatch');
    await running.engine.propose(await sealedModePayload(running.node, running.session));
    expect(await damageOf(TOMBSTONE, versionKey(toUtf8('b'), 99n))).toBe('context mismatch');
  });
});

describe('while it is applied', () => {
  const DAMAGED = () => flip(stored.length - 1);
  const REFUSED = { code: 'ENCRYPTED_READ_INTEGRITY' };
  const VALUE = concatBytes(
    encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n }),
    toUtf8('a value'),
  );
  let asked: number;

  /** What members answer, one after the other. */
  function membersHave(...answers: readonly Uint8Array[]): void {
    asked = 0;
    running.session.useSource({
      async *ask() {
        for (const answer of answers) {
          asked++;
          yield answer;
        }
      },
    });
  }

  test('is replaced by the one of a member, on every way of reading, for good', async () => {
    membersHave(stored);
    const reads: readonly (() => Promise<Uint8Array>)[] = [
      async () => (await running.session.applying.get(KEY))!,
      async () => {
        const view = running.session.applying.view();
        const value = await view.get(KEY);
        await view.close();
        return value!;
      },
      async () => {
        const view = running.session.applying.view();
        const [pair] = await view.scan({ from: Uint8Array.of(2), to: Uint8Array.of(3) }).next();
        await view.close();
        return pair!.value;
      },
    ];
    for (const read of reads) {
      await plant(DAMAGED());
      expect(Uint8Array.from(await read())).toEqual(VALUE);
      expect(await world.below!.get(KEY)).not.toEqual(DAMAGED());
      expect(Uint8Array.from((await running.session.readers.get(KEY))!)).toEqual(VALUE);
    }
  });

  test('takes nothing that does not authenticate in its place, and nothing clear', async () => {
    await running.engine.propose(note('b', 'another'));
    const other = (await world.below!.get(versionKey(toUtf8('b'), 6n)))!;
    membersHave(DAMAGED(), other, VALUE, new Uint8Array(3), stored);
    await plant(DAMAGED());
    expect(Uint8Array.from((await running.session.applying.get(KEY))!)).toEqual(VALUE);
    expect(asked).toBe(5);
  });

  test('is the failure it was where no member has it', async () => {
    membersHave(DAMAGED());
    await plant(DAMAGED());
    await expect(running.session.applying.get(KEY)).rejects.toMatchObject({
      ...REFUSED,
      details: { damage: 'bit rot', asked: 'no other member has it' },
    });
    expect(await world.below!.get(KEY)).toEqual(DAMAGED());
  });

  test('readers never ask', async () => {
    membersHave(stored);
    await plant(DAMAGED());
    await expect(running.session.readers.get(KEY)).rejects.toMatchObject(REFUSED);
    await expect(running.session.store.get(KEY)).rejects.toMatchObject(REFUSED);
    expect(asked).toBe(0);
  });

  test('a member gives what it has as it is stored, and only sealed versions', async () => {
    const { session } = running;
    expect(await session.storedValue(KEY)).toEqual(stored);
    expect(await session.storedValue(versionKey(toUtf8('none'), 5n))).toBeUndefined();
    expect(await session.storedValue(Uint8Array.of(1, 2))).toBeUndefined();
    await plant(TOMBSTONE);
    expect(await session.storedValue(KEY)).toBeUndefined();
  });
});
