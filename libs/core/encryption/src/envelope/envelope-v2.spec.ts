import { createDecipheriv, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { ManualClock, SeededRandom } from '@caisson/compliance';
import { Secret } from '@caisson/contracts';
import { encodeHeader, type KeyPurpose, viewEnvelopeV2 } from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import fc from 'fast-check';
import { Keystore } from '../keys/keystore.js';
import { CipherRegistry } from './cipher-registry.js';
import { DerivedKeys } from './derived-keys.js';
import { type PayloadPlace, type SealingKey } from './envelope-suite.js';
import { envelopeV2 } from './envelope-v2.js';
import { NonceFactory } from './nonce-factory.js';
import { SaltSource } from './salt-source.js';

/** Published beside the page on envelopes, for other implementations. */
const vectors = JSON.parse(
  readFileSync(new URL('../../../../../docs/formats/envelope-2.vectors.json', import.meta.url), 'utf8'),
) as Record<'value' | 'payload', { readonly envelope: string }>;
const hex = (text: string) => fromHex(text)!;
const ciphers = new CipherRegistry([new AesGcmCipher()]);
const keystore = new Keystore(new NodeHashes(), ciphers);
const dekBytes = Uint8Array.from({ length: 32 }, (_, at) => at);
const originId = Uint8Array.from({ length: 16 }, (_, at) => 0xc0 + at);
const clock = new ManualClock();
const fixedSalt = { bytes: () => Uint8Array.from({ length: 16 }, (_, at) => 0xa0 + at), integer: () => 0 };

const by = (keyId: number, purpose: KeyPurpose, salts = new SaltSource({ random: fixedSalt, clock })) => {
  const key = keystore.set({ keyId, purpose, originId, dek: new Secret(dekBytes.slice()) });
  const sealing: SealingKey = { key, nonces: new NonceFactory({ nodeId16: 0x1234, epoch: 7 }), salts };
  return sealing;
};
const place = {
  headerBytes: encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n }),
  storeKey: hex('6bfefdfcfbfaf9f8f7'),
};
const inLog: PayloadPlace = { group: 1, term: 2, index: 9, proposalId: 5n };

/** What the page on envelopes says, computed with nothing of ours. */
function openByThePage(envelope: Uint8Array, purpose: KeyPurpose, aadTail: Uint8Array): string {
  const salt = envelope.slice(6, 22);
  const key = Buffer.from(hkdfSync('sha256', dekBytes, salt, `caisson/envelope/2/${purpose}`, 32));
  const decipher = createDecipheriv('aes-256-gcm', key, envelope.slice(22, 34));
  const mark = purpose === 'raft' ? '52' : '';
  decipher.setAAD(hex(mark + toHex(envelope.slice(0, 22)) + toHex(originId) + toHex(aadTail)));
  decipher.setAuthTag(envelope.slice(-16));
  return Buffer.concat([decipher.update(envelope.slice(34, -16)), decipher.final()]).toString();
}

test('a value and a payload give frozen bytes, which a second computation opens', () => {
  const value = envelopeV2.sealValue(by(7, 'storage'), place, hex('68656c6c6f'));
  expect(toHex(value)).toBe(vectors.value.envelope);
  const valueTail = hex(toHex(place.headerBytes) + toHex(place.storeKey));
  expect(openByThePage(value, 'storage', valueTail)).toBe('hello');
  const payload = envelopeV2.sealPayload(by(9, 'raft'), inLog, hex('68656c6c6f'));
  expect(toHex(payload)).toBe(vectors.payload.envelope);
  const payloadTail = hex(
    ['0000000000000001', '0000000000000002', '0000000000000009', '0000000000000005'].join(''),
  );
  expect(openByThePage(payload, 'raft', payloadTail)).toBe('hello');
});

test('values and payloads of any length open to themselves, with and without room in front', () => {
  const storage = by(7, 'storage');
  const raft = by(9, 'raft');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 12 }), (plaintext, room) => {
      const sealed = envelopeV2.sealValue(storage, place, plaintext, room).subarray(room);
      expect(sealed).toHaveLength(plaintext.length + 50);
      const value = envelopeV2.openValue(keystore, place, sealed, room)!;
      expect(Uint8Array.from(value.subarray(room))).toEqual(plaintext);
      const payload = envelopeV2.openPayload(keystore, inLog, envelopeV2.sealPayload(raft, inLog, plaintext));
      expect(Uint8Array.from(payload!)).toEqual(plaintext);
    }),
  );
});

test('a payload opens at its own place only', () => {
  const sealed = envelopeV2.sealPayload(by(9, 'raft'), inLog, hex('aa'));
  const elsewhere: PayloadPlace[] = [
    { ...inLog, group: 2 },
    { ...inLog, term: 3 },
    { ...inLog, index: 10 },
    { ...inLog, proposalId: 6n },
  ];
  for (const other of elsewhere) expect(envelopeV2.openPayload(keystore, other, sealed)).toBeUndefined();
  expect(envelopeV2.openPayload(keystore, inLog, sealed)).toBeDefined();
});

test('a value does not open at another key, under an edited header, or for a DEK of another cluster', () => {
  const sealed = envelopeV2.sealValue(by(7, 'storage'), place, hex('68656c6c6f'));
  const moved = { ...place, storeKey: hex('6bfefdfcfbfaf9f8f6') };
  const edited = { ...place, headerBytes: encodeHeader({ tombstone: false, state: 'sealed', expireAt: 1n }) };
  expect(envelopeV2.openValue(keystore, moved, sealed)).toBeUndefined();
  expect(envelopeV2.openValue(keystore, edited, sealed)).toBeUndefined();
  const foreign = new Keystore(new NodeHashes(), ciphers);
  const dek = new Secret(dekBytes.slice());
  foreign.set({ keyId: 7, purpose: 'storage', originId: new Uint8Array(16), dek });
  expect(envelopeV2.openValue(foreign, place, sealed)).toBeUndefined();
});

test('no flipped bit of an envelope opens', () => {
  const sealed = envelopeV2.sealValue(by(7, 'storage'), place, hex('68656c6c6f'));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Uint8Array.from(sealed);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    let opened: Uint8Array | undefined;
    try {
      opened = envelopeV2.openValue(keystore, place, flipped);
    } catch (error) {
      expect((error as { code?: string }).code).toMatch(/^(ENVELOPE_MALFORMED|UNKNOWN_KEY_ID)$/);
    }
    expect(opened).toBeUndefined();
  }
});

test('a process that forgot its counters seals under another key', () => {
  const random = new SeededRandom(4);
  const lives = [1, 2].map(() => {
    const salts = new SaltSource({ random, clock });
    return viewEnvelopeV2(envelopeV2.sealValue(by(7, 'storage', salts), place, hex('aa')), 'storage');
  });
  expect(lives[0]!.nonce).toEqual(lives[1]!.nonce);
  expect(lives[0]!.salt).not.toEqual(lives[1]!.salt);
});

test('the salt is drawn anew after a minute, when the clock jumps, and long before a key has sealed too much', () => {
  let wallMs = 1_000_000;
  let monotonicMs = 0;
  const salts = new SaltSource({
    random: new SeededRandom(9),
    clock: { nowMs: () => wallMs, monotonicMs: () => monotonicMs },
  });
  const seen = new Set<string>();
  const draws = (bytes = 10) => seen.add(toHex(salts.next(bytes))).size;
  expect([draws(), draws()]).toEqual([1, 1]);
  monotonicMs = wallMs = 59_999;
  wallMs += 1_000_000;
  expect(draws()).toBe(1);
  monotonicMs += 1;
  wallMs += 1;
  expect(draws()).toBe(2);
  wallMs -= 60_000;
  expect([draws(), draws()]).toEqual([3, 3]);
  expect(draws(2 ** 40)).toBe(4);
});

test('derived keys are bounded, and an evicted one is derived again', () => {
  const keys = new DerivedKeys({
    dek: new Secret(dekBytes.slice()),
    purpose: 'storage',
    hashes: new NodeHashes(),
    ciphers,
  });
  const salt = (at: number) => Uint8Array.of(...new Uint8Array(12), at >> 24, at >> 16, at >> 8, at);
  const nonce = new Uint8Array(12);
  const sealed = keys.get(2, salt(0)).seal(nonce, nonce, hex('aa'));
  for (let at = 1; at < 3000; at++) keys.get(2, salt(at));
  expect(keys.size).toBeLessThanOrEqual(1024);
  expect(toHex(keys.get(2, salt(0)).open(nonce, nonce, sealed)!)).toBe('aa');
  keys.dispose();
  expect(keys.size).toBe(0);
});
