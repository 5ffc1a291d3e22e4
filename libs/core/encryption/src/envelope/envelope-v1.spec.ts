import { fromHex, toHex } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { ManualClock, SeededRandom } from '@caisson/compliance';
import { type PreparedKey, Secret } from '@caisson/contracts';
import { encodeHeader, type KeyPurpose, NONCE_BYTES } from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import fc from 'fast-check';
import { Keystore } from '../keys/keystore.js';
import { CipherRegistry } from './cipher-registry.js';
import { EnvelopeSuites, type PayloadPlace, type SealingKey } from './envelope-suite.js';
import { envelopeV1 } from './envelope-v1.js';
import { NonceFactory } from './nonce-factory.js';
import { SaltSource } from './salt-source.js';

const hex = (text: string) => fromHex(text)!;
const keystore = new Keystore(new NodeHashes(), new CipherRegistry([new AesGcmCipher()]));
const secret = () => new Secret(Uint8Array.from({ length: 32 }, (_, at) => at));
const by = (
  keyId: number,
  purpose: KeyPurpose,
  nonces = new NonceFactory({ nodeId16: 0x1234, epoch: 7 }),
): SealingKey => ({
  key: keystore.set({ keyId, purpose, originId: new Uint8Array(16), dek: secret() }),
  nonces,
  salts: new SaltSource({ random: new SeededRandom(1), clock: new ManualClock() }),
});
const place = {
  headerBytes: encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n }),
  storeKey: hex('6bfefdfcfbfaf9f8f7'),
};
const inLog: PayloadPlace = { group: 1, term: 1, index: 9, proposalId: 5n };

test('a value and a payload give the frozen bytes of version 1', () => {
  expect(toHex(envelopeV1.sealValue(by(7, 'storage'), place, hex('68656c6c6f')))).toBe(
    '010000000007123400070000000000000001459b9e7b1e97e22c87b4deb7e9e17d6b92e0576ff5',
  );
  expect(toHex(envelopeV1.sealPayload(by(9, 'raft'), inLog, hex('020000018bcfe56800')))).toBe(
    '0100000000091234000700000000000000012ffef216faee4b95bb54a1e09c2a5ba040c21f03e84b677107',
  );
});

test('values and payloads of any length open to themselves', () => {
  const storage = by(7, 'storage');
  const raft = by(9, 'raft');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (plaintext) => {
      const value = envelopeV1.openValue(keystore, place, envelopeV1.sealValue(storage, place, plaintext));
      const payload = envelopeV1.openPayload(keystore, inLog, envelopeV1.sealPayload(raft, inLog, plaintext));
      expect(Uint8Array.from(value!)).toEqual(plaintext);
      expect(Uint8Array.from(payload!)).toEqual(plaintext);
    }),
  );
});

test('a value does not open at another key, or under an edited header', () => {
  const sealed = envelopeV1.sealValue(by(7, 'storage'), place, hex('68656c6c6f'));
  const moved = { ...place, storeKey: hex('6bfefdfcfbfaf9f8f6') };
  const edited = { ...place, headerBytes: encodeHeader({ tombstone: false, state: 'sealed', expireAt: 1n }) };
  expect(envelopeV1.openValue(keystore, moved, sealed)).toBeUndefined();
  expect(envelopeV1.openValue(keystore, edited, sealed)).toBeUndefined();
});

test('a storage envelope never opens as a payload, nor the reverse, even under one key', () => {
  const value = envelopeV1.sealValue(by(7, 'storage'), place, hex('aa'));
  const payload = envelopeV1.sealPayload(by(9, 'raft'), inLog, hex('aa'));
  const anyPurpose = { find: (keyId: number) => keystore.get(keyId) };
  expect(envelopeV1.openPayload(anyPurpose, inLog, value)).toBeUndefined();
  expect(envelopeV1.openValue(anyPurpose, place, payload)).toBeUndefined();
  const unknown = expect.objectContaining({ code: 'UNKNOWN_KEY_ID' });
  expect(() => envelopeV1.openPayload(keystore, inLog, value)).toThrow(unknown);
  expect(() => envelopeV1.openValue(keystore, place, payload)).toThrow(unknown);
});

test('no flipped bit of an envelope opens', () => {
  const sealed = envelopeV1.sealValue(by(7, 'storage'), place, hex('68656c6c6f'));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Uint8Array.from(sealed);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    let opened: Uint8Array | undefined;
    try {
      opened = envelopeV1.openValue(keystore, place, flipped);
    } catch (error) {
      expect((error as { code?: string }).code).toMatch(/^(ENVELOPE_MALFORMED|UNKNOWN_KEY_ID)$/);
    }
    expect(opened).toBeUndefined();
  }
});

test('nonces count from one and never repeat, and an exhausted factory stays exhausted', () => {
  const nonces = new NonceFactory({ nodeId16: 0x1234, epoch: 7 });
  expect(toHex(nonces.next())).toBe('123400070000000000000001');
  expect(toHex(nonces.next())).toBe('123400070000000000000002');
  expect(nonces.count).toBe(2n);
  const carrying = new NonceFactory({ nodeId16: 1, epoch: 2, count: 0xffff_fffen });
  expect(toHex(carrying.next())).toBe('0001000200000000ffffffff');
  expect(toHex(carrying.next())).toBe('000100020000000100000000');
  expect(carrying.count).toBe(0x1_0000_0000n);
  const last = new NonceFactory({ nodeId16: 0xffff, epoch: 0xffff, count: 0xffff_ffff_ffff_fffen });
  expect(toHex(last.next())).toBe('ff'.repeat(NONCE_BYTES));
  const exhausted = expect.objectContaining({ code: 'WRITE_COUNT_EXHAUSTED' });
  expect(() => last.next()).toThrow(exhausted);
  expect(() => last.next()).toThrow(exhausted);
});

test('the version byte chooses the reader, and a version nobody reads is refused', () => {
  const suites = new EnvelopeSuites([envelopeV1], 1);
  expect(suites.reader(Uint8Array.of(1))).toBe(envelopeV1);
  const malformed = expect.objectContaining({ code: 'ENVELOPE_MALFORMED' });
  expect(() => suites.reader(Uint8Array.of(2))).toThrow(malformed);
  expect(() => suites.reader(new Uint8Array(0))).toThrow(malformed);
  expect(() => new EnvelopeSuites([envelopeV1], 2)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});

test('room in front is left to the caller, with a cipher that knows how and with one that does not', () => {
  const storage = by(7, 'storage');
  const whole = storage.key.prepared(1);
  const bare: PreparedKey = {
    seal: (nonce, aad, plaintext) => whole.seal(nonce, aad, plaintext),
    open: (nonce, aad, sealed) => whole.open(nonce, aad, sealed),
    dispose: () => undefined,
  };
  const { keyId, purpose, originId, dek, check } = storage.key;
  const simple = { keyId, purpose, originId, dek, check, prepared: () => bare, derived: () => bare };
  for (const each of [storage.key, simple]) {
    const sealed = envelopeV1.sealValue({ ...storage, key: each }, place, hex('aabb'), 9);
    expect(sealed).toHaveLength(9 + 34 + 2);
    const opened = envelopeV1.openValue({ find: () => each }, place, sealed.subarray(9), 5)!;
    expect(toHex(opened.subarray(5))).toBe('aabb');
    sealed[sealed.length - 1]! ^= 1;
    expect(envelopeV1.openValue({ find: () => each }, place, sealed.subarray(9), 5)).toBeUndefined();
  }
});
