import { fromHex, toHex } from '@caisson/base';
import { isCaissonError } from '@caisson/contracts';
import fc from 'fast-check';
import {
  encodeEnvelopeV2,
  ENVELOPE_V2_OVERHEAD,
  raftAadV2,
  storageAadV2,
  viewEnvelopeV2,
} from './envelope-v2.js';

const hex = (text: string) => fromHex(text)!;
const salt = Uint8Array.from({ length: 16 }, (_, at) => 0xa0 + at);
const originId = Uint8Array.from({ length: 16 }, (_, at) => 0xc0 + at);

test('an envelope comes apart into what it was made of', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(
      fc.nat({ max: 1 }),
      fc.nat({ max: 0xffff_ffff }),
      bytes(12),
      fc.uint8Array({ minLength: 16 }),
      (flag, keyId, nonce, sealed) => {
        const envelope = { flag, keyId, salt, nonce, sealed };
        const encoded = encodeEnvelopeV2(envelope);
        expect(encoded).toHaveLength(ENVELOPE_V2_OVERHEAD - 16 + sealed.length);
        expect(viewEnvelopeV2(encoded, 'storage')).toEqual(envelope);
      },
    ),
  );
});

test('whatever is no such envelope is malformed, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom('storage', 'raft'), (bytes, layer) => {
      try {
        const { flag } = viewEnvelopeV2(bytes, layer as 'storage' | 'raft');
        expect(bytes[0]).toBe(2);
        expect(flag).toBeLessThanOrEqual(layer === 'storage' ? 1 : 0);
      } catch (error) {
        expect(isCaissonError(error, 'ENVELOPE_MALFORMED')).toBe(true);
      }
    }),
  );
});

test('the additional data have the bytes the page gives', () => {
  const headerBytes = hex('020000000000000000');
  const storeKey = hex('6bfefdfcfbfaf9f8f7');
  expect(toHex(storageAadV2({ flag: 0, keyId: 7, salt, originId, headerBytes, storeKey }))).toBe(
    `020000000007${toHex(salt)}${toHex(originId)}0200000000000000006bfefdfcfbfaf9f8f7`,
  );
  expect(toHex(raftAadV2({ keyId: 9, salt, originId, group: 1, term: 2, index: 3, proposalId: 4n }))).toBe(
    `52020000000009${toHex(salt)}${toHex(originId)}${[1, 2, 3, 4].map((n) => `000000000000000${n}`).join('')}`,
  );
});
