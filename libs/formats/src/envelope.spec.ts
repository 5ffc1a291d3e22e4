import { isCaissonError } from '@caisson/contracts';
import {
  decodeEnvelope,
  encodeEnvelope,
  envelopeKeyId,
  envelopeVersion,
  raftAad,
  storageAad,
} from './index.js';

const parts = {
  flag: 0,
  keyId: 0x01020304,
  nonce: new Uint8Array(12).fill(7),
  sealed: new Uint8Array(16).fill(9),
};
const header = new Uint8Array(9);

function refused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return isCaissonError(error, 'ENVELOPE_MALFORMED');
  }
}

test('the version byte chooses the codec: the whole family is answered, nothing else', () => {
  for (let version = 0; version < 256; version++) {
    const bytes = new Uint8Array([version]);
    if (version >= 1 && version <= 15) expect(envelopeVersion(bytes)).toBe(version);
    else expect(refused(() => envelopeVersion(bytes))).toBe(true);
  }
  expect(refused(() => envelopeVersion(new Uint8Array(0)))).toBe(true);
});

test('a version of the family that this build cannot open is refused by its codec', () => {
  const bytes = encodeEnvelope(parts);
  bytes[0] = 2;
  expect(refused(() => decodeEnvelope(bytes, 'storage'))).toBe(true);
  expect(envelopeKeyId(bytes)).toBe(parts.keyId);
});

test('the key id is read from any envelope and never from a part of one', () => {
  const bytes = encodeEnvelope(parts);
  expect(envelopeKeyId(bytes)).toBe(parts.keyId);
  for (let length = 0; length < 6; length++) {
    expect(refused(() => envelopeKeyId(bytes.subarray(0, length)))).toBe(true);
  }
});

test('a flag is covered by no Raft additional data, so a Raft envelope with one is refused', () => {
  const compressed = encodeEnvelope({ ...parts, flag: 1 });
  expect(decodeEnvelope(compressed, 'storage').flag).toBe(1);
  expect(refused(() => decodeEnvelope(compressed, 'raft'))).toBe(true);
});

test('an empty plaintext is an envelope of its own, and anything shorter is none', () => {
  const bytes = encodeEnvelope(parts);
  expect(bytes).toHaveLength(34);
  expect(decodeEnvelope(bytes, 'raft').sealed).toHaveLength(16);
  expect(refused(() => decodeEnvelope(bytes.subarray(0, 33), 'raft'))).toBe(true);
});

test('additional data differ in every part they bind, and between the layers', () => {
  const base = { flag: 0, keyId: 1, headerBytes: header, storeKey: new Uint8Array([2, 1]) };
  const edited = new Uint8Array(header).fill(1, 8);
  const all = [
    storageAad(base),
    storageAad({ ...base, flag: 1 }),
    storageAad({ ...base, keyId: 2 }),
    storageAad({ ...base, headerBytes: edited }),
    storageAad({ ...base, storeKey: new Uint8Array([2, 2]) }),
    raftAad(1),
    raftAad(2),
  ];
  expect(new Set(all.map(String)).size).toBe(all.length);
});
