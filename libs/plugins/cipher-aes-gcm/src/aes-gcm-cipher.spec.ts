import { createCipheriv, randomBytes } from 'node:crypto';
import { fromHex, toHex } from '@caisson/base';
import { Secret } from '@caisson/contracts';
import fc from 'fast-check';
import { AesGcmCipher } from './aes-gcm-cipher.js';

const key = new AesGcmCipher().prepare(new Secret(fromHex('00'.repeat(32))!));
const nonce = new Uint8Array(12);
const none = new Uint8Array(0);

test('it gives the published bytes of the GCM specification for AES-256', () => {
  expect(toHex(key.seal(nonce, none, none))).toBe('530f8afbc74536b9a963b4f1c4cb738b');
  expect(toHex(key.seal(nonce, none, new Uint8Array(16)))).toBe(
    'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
  );
});

test('what was sealed opens to the same bytes in fresh memory, the empty one included', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, (aad, plaintext) => {
      const sealed = key.seal(nonce, aad, plaintext);
      expect(sealed).toHaveLength(plaintext.length + 16);
      expect(new Uint8Array(key.open(nonce, aad, sealed)!)).toEqual(plaintext);
    }),
  );
});

test('any flipped bit, of text, tag, nonce or additional data, opens to nothing', () => {
  const aad = randomBytes(11);
  const sealed = key.seal(nonce, aad, randomBytes(20));
  const flips = (bytes: Uint8Array) =>
    Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const copy = new Uint8Array(bytes);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      return copy;
    });
  for (const flipped of flips(sealed)) expect(key.open(nonce, aad, flipped)).toBeUndefined();
  for (const flipped of flips(aad)) expect(key.open(nonce, flipped, sealed)).toBeUndefined();
  for (const flipped of flips(nonce)) expect(key.open(flipped, aad, sealed)).toBeUndefined();
});

test('cut and overlong input opens to nothing', () => {
  const sealed = key.seal(nonce, none, Uint8Array.of(1, 2, 3));
  for (let length = 0; length < sealed.length; length++) {
    expect(key.open(nonce, none, sealed.subarray(0, length))).toBeUndefined();
  }
  expect(key.open(nonce, none, Uint8Array.of(...sealed, 0))).toBeUndefined();
  expect(key.open(new Uint8Array(11), none, sealed)).toBeUndefined();
});

test('erasing the secret leaves the prepared key working, and a disposed key refuses to work', () => {
  const secret = new Secret(randomBytes(32));
  const prepared = new AesGcmCipher().prepare(secret);
  const sealed = prepared.seal(nonce, none, Uint8Array.of(7));
  secret.erase();
  expect(prepared.open(nonce, none, sealed)).toBeDefined();
  prepared.dispose();
  prepared.dispose();
  expect(() => prepared.open(nonce, none, sealed)).toThrow('CIPHER-2');
  expect(() => prepared.seal(nonce, none, none)).toThrow('CIPHER-2');
  expect(() => new AesGcmCipher().prepare(new Secret(new Uint8Array(16)))).toThrow('CIPHER-1');
});

test('room asked for comes in front and changes nothing behind it', () => {
  const text = randomBytes(5000);
  for (const room of [0, 1, 27]) {
    const sealed = key.sealBehind!(room, nonce, none, text);
    expect(new Uint8Array(sealed.subarray(room))).toEqual(new Uint8Array(key.seal(nonce, none, text)));
    const opened = key.openBehind!(room, nonce, none, sealed.subarray(room))!;
    expect(opened).toHaveLength(room + text.length);
    expect(Buffer.compare(opened.subarray(room), text)).toBe(0);
    expect(key.openBehind!(room, nonce, text, sealed.subarray(room))).toBeUndefined();
  }
});

test('what is authenticated may be of any length, from one message to the next, and stays untouched', () => {
  const text = randomBytes(33);
  for (const length of [0, 84, 85, 255, 256, 257, 5000, 12, 84]) {
    const [aad, other] = [randomBytes(length), randomBytes(length + 1)];
    const before = Buffer.from(aad);
    const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), nonce).setAAD(aad);
    const expected = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    expect(Buffer.from(key.seal(nonce, aad, text))).toEqual(expected);
    expect(Buffer.from(key.open(nonce, aad, expected)!)).toEqual(text);
    expect(key.open(nonce, other, expected)).toBeUndefined();
    expect(aad).toEqual(before);
  }
});
