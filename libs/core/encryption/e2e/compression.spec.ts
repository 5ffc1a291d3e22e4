import { createDecipheriv, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { concatBytes, fromHex, fromUtf8, toHex, toUtf8 } from '@caisson/base';
import { ManualClock, PlainSnappy, SeededRandom } from '@caisson/compliance';
import { type Compressor, Secret } from '@caisson/contracts';
import { encodeHeader, isCompressed, LIMITS, VALUE_HEADER_BYTES, versionKey } from '@caisson/formats';
import fc from 'fast-check';
import {
  CipherRegistry,
  type EnvelopeSuite,
  EnvelopeSuites,
  envelopeV1,
  envelopeV2,
  Keystore,
  NonceFactory,
  OfflineReader,
  Packing,
  SaltSource,
  type SealingKey,
} from '../src/index.js';
import { note } from './mini-engine.js';
import { ciphers, driven, hashes, localKek, readNote, World } from './world.js';

type VectorBytes = 'dek' | 'originId' | 'storeKey' | 'stream' | 'version1' | 'version2';
const VECTORS = new URL('../../../../docs/formats/compressed.vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(VECTORS, 'utf8')) as Record<'text' | VectorBytes, string>;
const hex = (name: VectorBytes) => fromHex(vectors[name])!;

const compressor = new PlainSnappy();
const headerBytes = encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n });
const place = { headerBytes, storeKey: hex('storeKey') };
const keystore = new Keystore(hashes, new CipherRegistry(ciphers));
const key = keystore.set({
  keyId: 7,
  purpose: 'storage',
  originId: hex('originId'),
  dek: new Secret(hex('dek')),
});
const salts = new SaltSource({ random: new SeededRandom(1), clock: new ManualClock() });
const by: SealingKey = { key, nonces: new NonceFactory({ nodeId16: 1, epoch: 1 }), salts };
const suitesOf = (written: number, isOn = true, with_: Compressor | undefined = compressor) =>
  new EnvelopeSuites([envelopeV1, envelopeV2], written, new Packing({ compressor: with_, isOn }));
const REPETITIVE = toUtf8('a'.repeat(300));

/** By the page on envelopes, with nothing of ours but the second reader of Snappy. */
function openByThePage(envelope: Uint8Array, derived: boolean): string | undefined {
  const at = derived ? 22 : 6;
  const salt = envelope.slice(6, 22);
  const dek = hex('dek');
  const aesKey = derived ? Buffer.from(hkdfSync('sha256', dek, salt, 'caisson/envelope/2/storage', 32)) : dek;
  const decipher = createDecipheriv('aes-256-gcm', aesKey, envelope.slice(at, at + 12));
  const origin = derived ? hex('originId') : new Uint8Array(0);
  decipher.setAAD(concatBytes(envelope.slice(0, at), origin, headerBytes, place.storeKey));
  decipher.setAuthTag(envelope.slice(-16));
  const stream = Buffer.concat([decipher.update(envelope.slice(at + 12, -16)), decipher.final()]);
  expect(toHex(stream)).toBe(vectors.stream);
  return fromUtf8(compressor.decompress(stream, 1 << 20)!);
}

test('the published envelopes open, here and by a second computation', () => {
  for (const version of [1, 2] as const) {
    const envelope = hex(`version${version}`);
    expect(isCompressed(envelope)).toBe(true);
    const text = openByThePage(envelope, version === 2);
    expect(text).toBe(vectors.text);
    expect(fromUtf8(suitesOf(2).openValue(keystore, place, envelope)!)).toBe(text);
  }
});

test.each([envelopeV1, envelopeV2])('values open to themselves in version $version, on or off', (suite) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat({ max: 2000 }).map((length) => new Uint8Array(length)),
  );
  fc.assert(
    fc.property(bytes, fc.boolean(), fc.nat({ max: 12 }), (value, isOn, room) => {
      const stored = suitesOf(suite.version, isOn).sealValue(by, place, value, room).subarray(room);
      const sealed = suite.version === 1 ? 34 : 50;
      expect(stored.length).toBeLessThanOrEqual(value.length + sealed);
      expect(isCompressed(stored)).toBe(stored.length < value.length + sealed);
      const opened = suitesOf(2, !isOn).openValue(keystore, place, stored, room)!;
      expect(Uint8Array.from(opened.subarray(room))).toEqual(value);
    }),
  );
});

test('a flag that is set or cleared afterwards breaks authentication', () => {
  for (const version of [1, 2]) {
    for (const value of [REPETITIVE, toUtf8('short')]) {
      const envelope = suitesOf(version).sealValue(by, place, value);
      envelope[1]! ^= 1;
      expect(suitesOf(2).openValue(keystore, place, envelope)).toBeUndefined();
    }
  }
});

test('a length that lies, or is beyond every limit, is refused before memory is taken for it', () => {
  const seal = (suite: EnvelopeSuite, stream: Uint8Array) =>
    suite.sealValue(by, { ...place, compressed: true }, stream);
  const stream = compressor.compress(REPETITIVE);
  const asked: number[] = [];
  const watched: Compressor = {
    id: 'watched',
    compress: (bytes) => bytes,
    decompress: (bytes, lengthMax) => (asked.push(lengthMax), compressor.decompress(bytes, lengthMax)),
  };
  for (const suite of [envelopeV1, envelopeV2]) {
    for (const stated of [[0xad, 0x02], [0x80, 0x80, 0x80, 0x80, 0x08], []]) {
      const lying = concatBytes(Uint8Array.from(stated), stream.subarray(2));
      expect(() => suitesOf(2, true, watched).openValue(keystore, place, seal(suite, lying))).toThrow(
        expect.objectContaining({ code: 'ENVELOPE_MALFORMED' }),
      );
    }
  }
  expect(new Set(asked)).toEqual(new Set([LIMITS.valueBytesMax]));
});

test('a node without a compressor says why a compressed value cannot be read', () => {
  const envelope = suitesOf(2).sealValue(by, place, REPETITIVE);
  const none = new EnvelopeSuites([envelopeV2], 2);
  expect(() => none.openValue(keystore, place, envelope)).toThrow(/no compressor/);
});

test('values that do not shrink are tried less and less, until one does', () => {
  const tried: number[] = [];
  const counting: Compressor = {
    id: 'counting',
    compress: (bytes) => (tried.push(bytes[0]!), compressor.compress(bytes)),
    decompress: () => undefined,
  };
  const packing = new Packing({ compressor: counting, isOn: true });
  const noise = Uint8Array.from({ length: 200 }, (_, at) => (at * 97) % 251);
  for (let n = 0; n < 1000; n++) expect(packing.pack(noise)).toBeUndefined();
  expect(tried.length).toBeLessThan(100);
  let packed: Uint8Array | undefined;
  for (let n = 0; n < 64 && packed === undefined; n++) packed = packing.pack(REPETITIVE);
  expect(packed!.length).toBeLessThan(REPETITIVE.length);
  expect(packing.pack(REPETITIVE)).toBeDefined();
});

describe('a node', () => {
  const KEY = versionKey(toUtf8('a'), 5n);
  const on = { compressor, config: { enabled: true, envelopeVersion: 2, compression: true } };
  const off = { compressor, config: { enabled: true, envelopeVersion: 2, compression: false } };
  const LONG = 'same' + 'a'.repeat(900);
  const flagOf = (stored: Uint8Array) => isCompressed(stored.subarray(VALUE_HEADER_BYTES));

  test('reads what it compressed after compression is off, and what it did not after it is on', async () => {
    const world = new World();
    const first = await driven(world, off);
    await first.engine.propose(note('a', LONG));
    const plain = await world.below!.get(KEY);
    await first.stop();
    const second = await driven(world, on);
    const { applied } = second.engine;
    await second.engine.propose(note('b', LONG));
    expect(await readNote(second, 'a')).toBe(LONG);
    await second.stop();
    const third = await driven(world, off);
    expect([await readNote(third, 'a'), await readNote(third, 'b')]).toEqual([LONG, LONG]);
    const later = await world.stored();
    expect(flagOf(plain!)).toBe(false);
    const packed = later.filter((stored) => stored[0] === 2 && flagOf(stored));
    expect(packed.length).toBe(1);
    expect(packed[0]!.length).toBeLessThan(plain!.length / 2);
    expect(third.engine.applied).toBeGreaterThan(applied);
  });

  test('rewrites values to what they were, whether they come to be compressed or cease to be', async () => {
    const world = new World();
    const version1 = { ...on, config: { ...on.config, envelopeVersion: 1 } };
    const first = await driven(world, version1);
    await first.engine.propose(note('a', LONG));
    expect(flagOf((await world.below!.get(KEY))!)).toBe(true);
    await first.stop();
    for (const [changes, flag] of [
      [off, false],
      [version1, false],
      [on, false],
    ] as const) {
      const running = await driven(world, changes);
      running.rewrite.start();
      await running.rewrite.ended();
      expect(flagOf((await world.below!.get(KEY))!)).toBe(flag);
      expect(await readNote(running, 'a')).toBe(LONG);
      await running.stop();
    }
  });

  test('leaves values that can be looked at offline, by whoever has a compressor', async () => {
    const world = new World();
    const running = await driven(world, on);
    await running.engine.propose(note('a', LONG));
    const stored = (await world.below!.get(KEY))!;
    const { keys } = running.session.state.current;
    const reader = new OfflineReader({ keks: [localKek(1)], ciphers, hashes, compressor });
    await reader.loadKeyState(keys);
    expect(fromUtf8(reader.value(KEY, stored).body!)).toBe(LONG);
    const blind = new OfflineReader({ keks: [localKek(1)], ciphers, hashes });
    await blind.loadKeyState(keys);
    expect(blind.value(KEY, stored).problem).toMatchObject({ code: 'ENVELOPE_MALFORMED' });
  });

  test('answers an integrity failure for a compressed value with any bit of its envelope flipped', async () => {
    const world = new World();
    const running = await driven(world, on);
    await running.engine.propose(note('a', LONG));
    const stored = (await world.below!.get(KEY))!;
    for (const at of [VALUE_HEADER_BYTES + 1, stored.length - 1, stored.length - 20]) {
      const flipped = stored.slice();
      flipped[at]! ^= 1;
      await world.below!.batch().put(KEY, flipped).write({ sync: true });
      const read = running.session.store.get(KEY);
      await expect(read).rejects.toMatchObject({ code: 'ENCRYPTED_READ_INTEGRITY' });
    }
  });
});
