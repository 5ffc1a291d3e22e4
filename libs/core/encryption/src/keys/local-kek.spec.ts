import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { Secret, type WrapContext } from '@caisson/contracts';
import { NodeHashes, NodeRandom } from '@caisson/platform-node';
import { LocalKek } from './local-kek.js';

const parts = { ciphers: [new AesGcmCipher()], hashes: new NodeHashes(), random: new NodeRandom() };
const kek = (byte: number, length = 32) =>
  new LocalKek({ ...parts, provider: 'file', key: new Secret(new Uint8Array(length).fill(byte)) });
const dek = new Secret(new Uint8Array(32).fill(9));
const context: WrapContext = { originId: new Uint8Array(16).fill(1), keyId: 7, purpose: 1 };

test('a DEK comes back from its blob, two blobs of it differ, and rewrapping keeps it', async () => {
  const one = await kek(1).wrap(dek, context);
  const two = await kek(1).wrap(dek, context);
  expect(one).not.toEqual(two);
  const again = await kek(1).rewrap(one, context);
  for (const blob of [one, two, again]) {
    expect((await kek(1).unwrap(blob, context)).reveal()).toEqual(dek.reveal());
  }
});

test.each<[string, Partial<WrapContext>]>([
  ['another key id', { keyId: 8 }],
  ['another purpose', { purpose: 2 }],
  ['another cluster', { originId: new Uint8Array(16) }],
])('a blob does not open under %s', async (_, change) => {
  const blob = await kek(1).wrap(dek, context);
  await expect(kek(1).unwrap(blob, { ...context, ...change })).rejects.toMatchObject({
    code: 'KEK_MISMATCH',
  });
});

test('another KEK has another reference and does not open the blob', async () => {
  const blob = await kek(1).wrap(dek, context);
  expect((await kek(2).describe()).keyRef).not.toBe((await kek(1).describe()).keyRef);
  await expect(kek(2).unwrap(blob, context)).rejects.toMatchObject({ code: 'KEK_MISMATCH' });
});

test('a cut blob is corrupt, a flipped one does not open', async () => {
  const blob = await kek(1).wrap(dek, context);
  await expect(kek(1).unwrap(blob.subarray(1), context)).rejects.toMatchObject({ code: 'KEK_BLOB_CORRUPT' });
  blob[20]! ^= 1;
  await expect(kek(1).unwrap(blob, context)).rejects.toMatchObject({ code: 'KEK_MISMATCH' });
});

test('a KEK of another length, and a build without AES-256-GCM, are configuration errors', async () => {
  expect(() => kek(1, 16)).toThrow(expect.objectContaining({ code: 'KEK_MISCONFIGURED' }));
  const key = new Secret(new Uint8Array(32));
  expect(() => new LocalKek({ ...parts, ciphers: [], provider: 'file', key })).toThrow(
    expect.objectContaining({ code: 'KEK_MISCONFIGURED' }),
  );
  const short = new Secret(new Uint8Array(31));
  await expect(kek(1).wrap(short, context)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
