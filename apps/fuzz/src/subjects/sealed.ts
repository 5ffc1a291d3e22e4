import { SnappyCompressor } from '@caisson/compressor-snappy';
import { CaissonError } from '@caisson/contracts';
import * as formats from '@caisson/formats';
import { codec, reader, sample, type Subject } from '../subject.js';
import { KEY } from './values.js';

const code = 'ENVELOPE_MALFORMED';
const SNAPPY = new SnappyCompressor();
const V1 = formats.encodeEnvelope({ flag: 0, keyId: 7, nonce: sample(12), sealed: sample(40) });
const V2 = formats.encodeEnvelopeV2({
  flag: 1,
  keyId: 7,
  salt: sample(16),
  nonce: sample(12),
  sealed: sample(40),
});
const SLOT = { provider: 'kek-file', keyRef: 'main', blob: sample(60) };

/** What keeps secrets, and what is bound to them. */
export const SEALED: readonly Subject[] = [
  codec<formats.NonceParts>({
    name: 'nonce',
    code,
    values: [{ nodeId16: 5, epoch: 2, count: 9n }],
    encode: formats.encodeNonce,
    decode: formats.decodeNonce,
  }),
  ...(['storage', 'raft'] as const).flatMap((layer): Subject[] => [
    codec<formats.EnvelopeV1>({
      name: `envelope 1, ${layer}`,
      code,
      values: [{ flag: 0, keyId: 7, nonce: sample(12), sealed: sample(40) }],
      encode: formats.encodeEnvelope,
      decode: (input) => formats.decodeEnvelope(input, layer),
      covers: ['decodeEnvelope'],
    }),
    codec<formats.EnvelopeV1>({
      name: `view of envelope 1, ${layer}`,
      code,
      values: [{ flag: 0, keyId: 7, nonce: sample(12), sealed: sample(16) }],
      encode: formats.encodeEnvelope,
      decode: (input) => formats.viewEnvelope(input, layer),
      covers: ['viewEnvelope'],
    }),
    codec<formats.EnvelopeV2>({
      name: `envelope 2, ${layer}`,
      code,
      values: [{ flag: 0, keyId: 7, salt: sample(16), nonce: sample(12), sealed: sample(40) }],
      encode: formats.encodeEnvelopeV2,
      decode: (input) => formats.viewEnvelopeV2(input, layer),
      covers: ['viewEnvelopeV2'],
    }),
  ]),
  reader({
    name: 'version of an envelope',
    seeds: [V1, V2],
    decode: formats.envelopeVersion,
    codes: [code],
    covers: ['envelopeVersion'],
  }),
  reader({
    name: 'key of an envelope',
    seeds: [V1, V2],
    decode: formats.envelopeKeyId,
    codes: [code],
    covers: ['envelopeKeyId'],
  }),
  codec<Uint8Array>({
    name: 'compressed value',
    code,
    values: [sample(0), sample(300), new Uint8Array(2000).fill(7)],
    encode: (value) => SNAPPY.compress(value),
    decode: (input) => {
      const value = SNAPPY.decompress(input, formats.LIMITS.valueBytesMax);
      // Where values are opened this becomes the error of the envelope.
      if (value === undefined) throw new CaissonError(code);
      return value;
    },
    manyForms: true,
    covers: [],
  }),
  codec({
    name: 'wrapped DEK',
    code: 'KEK_BLOB_CORRUPT',
    values: [[SLOT], [SLOT, { ...SLOT, keyRef: 'other', blob: sample(9) }]],
    encode: formats.encodeWrappedDek,
    decode: formats.decodeWrappedDek,
  }),
  codec<formats.LocalKekBlob>({
    name: 'local KEK blob',
    code: 'KEK_BLOB_CORRUPT',
    values: [{ nonce: sample(12), sealed: sample(48) }],
    encode: formats.encodeLocalKekBlob,
    decode: formats.decodeLocalKekBlob,
  }),
  codec<formats.Sidecar>({
    name: 'sidecar',
    code: 'SIDECAR_CORRUPT',
    values: [sidecar()],
    encode: formats.printSidecar,
    decode: formats.parseSidecar,
    manyForms: true,
  }),
];

function sidecar(): formats.Sidecar {
  const group = {
    raftAppliedIndex: 2 ** 52,
    activeStorage: 7,
    activeRaft: 8,
    storageEnvelopeActive: true,
    storageEnvelopeCutoverIndex: 5,
    storageCutoverTs: 2n ** 63n,
    raftEnvelopeCutoverIndex: 9,
  };
  const { purpose, originId, check } = KEY;
  const key = {
    purpose,
    originId,
    check,
    wrapped: sample(40),
    created: 5,
    localEpoch: 3,
    state: 'active',
  } as const;
  return {
    clusterId: sample(16),
    groups: new Map([[1, group]]),
    keys: new Map([[7, key]]),
    macKeyId: 7,
    mac: sample(32),
  };
}
