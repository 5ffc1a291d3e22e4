import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { Secret } from '@caisson/contracts';
import {
  CipherRegistry,
  envelopeV1,
  envelopeV2,
  Keystore,
  NonceFactory,
  SaltSource,
  type EnvelopeSuite,
} from '@caisson/encryption';
import { encodeHeader, versionKey } from '@caisson/formats';
import { NodeClock, NodeHashes, NodeRandom } from '@caisson/platform-node';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { interleave, type Bench, type BenchOptions, type Comparison } from '../measure.js';

const SIZES = [64, 1024, 16 * 1024];
const BUDGET_AT = 1024;
const BYTES_PER_RUN = 24 * 1024 * 1024;
const VALUES_PER_RUN_MAX = 20_000;

const SUITES: readonly EnvelopeSuite[] = [envelopeV1, envelopeV2];

/** A value in an envelope of each version, sealed and opened, against AES-256-GCM of the platform alone. */
export const seal: Bench = {
  id: 'seal',
  compares: 'envelope seal + open, against bare AES-256-GCM of the platform',
  async run(options) {
    const comparisons: Comparison[] = [];
    for (const suite of SUITES) {
      for (const size of SIZES) comparisons.push(await compare(suite, size, options));
    }
    return comparisons;
  },
};

async function compare(
  suite: EnvelopeSuite,
  size: number,
  { scale, pairs }: BenchOptions,
): Promise<Comparison> {
  const values = Math.max(1, Math.floor(Math.min(VALUES_PER_RUN_MAX, BYTES_PER_RUN / size) * scale));
  const plaintext = new Uint8Array(randomBytes(size));
  const samples = await interleave(
    pairs,
    () => timed(values, envelopes(suite, plaintext)),
    () => timed(values, bare(plaintext)),
  );
  const budget = size === BUDGET_AT ? { budget: { atMost: 1.25 } } : {};
  return { name: `version ${suite.version}, ${size} B`, unit: 'µs per value', samples, ...budget };
}

/** Microseconds per call. */
function timed(calls: number, call: () => void): number {
  const start = performance.now();
  for (let at = 0; at < calls; at++) call();
  return ((performance.now() - start) * 1000) / calls;
}

function envelopes(suite: EnvelopeSuite, plaintext: Uint8Array): () => void {
  const keys = new Keystore(new NodeHashes(), new CipherRegistry([new AesGcmCipher()]));
  const dek = new Secret(randomBytes(32));
  const key = keys.set({ keyId: 7, purpose: 'storage', originId: new Uint8Array(16), dek });
  const nonces = new NonceFactory({ nodeId16: 1, epoch: 1 });
  const salts = new SaltSource({ random: new NodeRandom(), clock: new NodeClock() });
  const headerBytes = encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n });
  const place = { headerBytes, storeKey: versionKey(new Uint8Array(randomBytes(16)), 1n << 60n) };
  return () => {
    const envelope = suite.sealValue({ key, nonces, salts }, place, plaintext);
    if (suite.openValue(keys, place, envelope)?.length !== plaintext.length) throw new RangeError('seal');
  };
}

/** What any program would have to do: one cipher, one decipher, authentication of as many bytes. */
function bare(plaintext: Uint8Array): () => void {
  const key = randomBytes(32);
  const nonce = randomBytes(12);
  const aad = randomBytes(42);
  return () => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(aad);
    const sealed = cipher.update(plaintext);
    cipher.final();
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAAD(aad);
    decipher.setAuthTag(cipher.getAuthTag());
    const opened = decipher.update(sealed);
    decipher.final();
    if (opened.length !== plaintext.length) throw new RangeError('bare');
  };
}
