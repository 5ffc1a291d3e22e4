import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { Secret } from '@caisson/contracts';
import type { KeyPurpose } from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import { CipherRegistry } from '../envelope/cipher-registry.js';
import { checkValue } from './check-value.js';
import { Keystore } from './keystore.js';

const hashes = new NodeHashes();
const originId = new Uint8Array(16).fill(1);
const secret = (byte: number) => new Secret(new Uint8Array(32).fill(byte));
const key = (keyId: number, byte: number, purpose: KeyPurpose = 'storage') => ({
  keyId,
  purpose,
  originId,
  dek: secret(byte),
});
let keystore: Keystore;

beforeEach(() => {
  keystore = new Keystore(hashes, new CipherRegistry([new AesGcmCipher()]));
});

test('the same key again changes nothing and the spare copy is erased', () => {
  const held = keystore.set(key(7, 1));
  const again = key(7, 1);
  expect(keystore.set(again)).toBe(held);
  expect(again.dek.reveal()).toEqual(new Uint8Array(32));
  expect(held.dek.reveal()).toEqual(new Uint8Array(32).fill(1));
});

test('other bytes, another purpose or another origin under a known id is a conflict', () => {
  keystore.set(key(7, 1));
  const conflict = expect.objectContaining({ code: 'KEY_CONFLICT' });
  expect(() => keystore.set(key(7, 2))).toThrow(conflict);
  expect(() => keystore.set(key(7, 1, 'raft'))).toThrow(conflict);
  expect(() => keystore.set({ ...key(7, 1), originId: new Uint8Array(16) })).toThrow(conflict);
});

test('a key that does not give its check value is a wrong key', () => {
  const refused = key(7, 1);
  const wrong = () => keystore.set(refused, checkValue(hashes, secret(2)));
  expect(wrong).toThrow(expect.objectContaining({ code: 'KEK_MISMATCH' }));
  expect(keystore.ids).toEqual([]);
  expect(refused.dek.reveal()).toEqual(new Uint8Array(32));
  expect(keystore.set(key(7, 1), checkValue(hashes, secret(1))).check).toHaveLength(8);
});

test('a key is found for its own purpose only', () => {
  keystore.set(key(7, 1));
  expect(keystore.find(7, 'storage')).toBeDefined();
  expect(keystore.find(7, 'raft')).toBeUndefined();
  expect(keystore.find(8, 'storage')).toBeUndefined();
});

test('retiring overwrites the bytes and disposes what was prepared', () => {
  const held = keystore.set(key(7, 1));
  const prepared = held.prepared(1);
  keystore.set(key(8, 2));
  keystore.retire(7);
  keystore.retire(7);
  expect(held.dek.reveal()).toEqual(new Uint8Array(32));
  expect(() => prepared.seal(new Uint8Array(12), originId, originId)).toThrow('CIPHER-2');
  expect(keystore.ids).toEqual([8]);
  keystore.erase();
  expect(keystore.ids).toEqual([]);
});

test('a version without a cipher is refused, and a version with two is no plan', () => {
  expect(() => keystore.set(key(7, 1)).prepared(9)).toThrow(
    expect.objectContaining({ code: 'ENVELOPE_MALFORMED' }),
  );
  const two = () => new CipherRegistry([new AesGcmCipher(), new AesGcmCipher()]);
  expect(two).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }));
});
