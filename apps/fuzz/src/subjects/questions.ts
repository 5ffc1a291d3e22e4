import { CaissonError, type KeyReferences, type ScrubState } from '@caisson/contracts';
import * as formats from '@caisson/formats';
import { checksumAtEnd, codec, reader, sample, type Subject } from '../subject.js';

const code = 'MESSAGE_MALFORMED';
const ERROR = new CaissonError('UNAVAILABLE', { problem: 'n3 does not answer' });
const EPOCHS = [
  { keyId: 3, epoch: 1 },
  { keyId: 9, epoch: 4 },
];
const REFERENCES: KeyReferences = {
  purpose: 'storage',
  state: 'retiring',
  stateIndex: 5,
  applied: 9,
  values: 3,
  intents: 0,
  unreadable: 1,
  isCursorTarget: false,
  logStart: 4,
  lastUse: 8,
  leases: [
    { kind: 'snapshot', index: 9, values: 3 },
    { kind: 'incoming', index: 0 },
  ],
  isHeld: true,
};
const CAPABLE: formats.CapabilityAnswer = {
  fullNodeId: 7n,
  capable: true,
  sidecarPresent: true,
  epochs: EPOCHS,
  build: '0.1.0',
  proof: sample(32),
};

/** What nodes ask each other outside the log. */
export const QUESTIONS: readonly Subject[] = [
  reader({
    name: 'kind of a question',
    seeds: [formats.encodeEpochQuestion({ group: 1, fullNodeId: 7n })],
    decode: formats.questionKind,
    codes: [],
    covers: ['questionKind'],
  }),
  codec<formats.IdentityQuestion>({
    name: 'identity question',
    code,
    values: [{ group: 1, challenge: sample(40) }],
    encode: formats.encodeIdentityQuestion,
    decode: formats.decodeIdentityQuestion,
  }),
  codec<formats.IdentityAnswer>({
    name: 'identity answer',
    code,
    values: [
      {
        name: 'n1',
        fullNodeId: 7n,
        clusterId: sample(16),
        birth: 'encrypted',
        format: 1,
        groups: [1, 2],
        capability: sample(60),
      },
    ],
    encode: formats.encodeIdentityAnswer,
    decode: formats.decodeIdentityAnswer,
  }),
  codec<formats.EpochQuestion>({
    name: 'epoch question',
    code,
    values: [{ group: 1, fullNodeId: 7n }],
    encode: formats.encodeEpochQuestion,
    decode: formats.decodeEpochQuestion,
  }),
  codec<number | undefined>({
    name: 'epoch answer',
    code,
    values: [undefined, 5],
    encode: formats.encodeEpochAnswer,
    decode: formats.decodeEpochAnswer,
  }),
  codec<formats.ProposalQuestion>({
    name: 'proposal question',
    code,
    values: [{ group: 1, payload: sample(20) }],
    encode: formats.encodeProposalQuestion,
    decode: formats.decodeProposalQuestion,
  }),
  codec<formats.ProposalAnswer>({
    name: 'proposal answer',
    code,
    values: [
      { position: 9, outcome: { kind: 'applied', result: sample(5) } },
      { position: 9, outcome: { kind: 'refused', error: ERROR } },
    ],
    encode: formats.encodeProposalAnswer,
    decode: formats.decodeProposalAnswer,
    manyForms: true,
  }),
  codec<formats.Introduction>({
    name: 'introduction',
    code,
    values: [{ group: 1, index: 4, name: 'n1', address: 'a:1' }],
    encode: formats.encodeIntroduction,
    decode: formats.decodeIntroduction,
  }),
  codec<formats.CapabilityChallenge>({
    name: 'challenge',
    code: 'INVALID_ARGUMENT',
    values: [
      {
        nonce: sample(formats.CHALLENGE_NONCE_BYTES),
        floors: EPOCHS,
        container: sample(40),
        mac: sample(32),
      },
    ],
    encode: formats.encodeChallenge,
    decode: formats.decodeChallenge,
  }),
  codec<formats.CapabilityAnswer>({
    name: 'capability',
    code: 'INVALID_ARGUMENT',
    values: [CAPABLE],
    encode: formats.encodeCapability,
    decode: formats.decodeCapability,
  }),
  codec({
    name: 'epoch floors',
    code: 'SIDECAR_CORRUPT',
    mend: checksumAtEnd,
    values: [EPOCHS],
    encode: formats.encodeEpochFloors,
    decode: formats.decodeEpochFloors,
  }),
  codec<formats.StoredValueQuestion>({
    name: 'stored value question',
    code,
    values: [{ group: 1, applied: 9, storeKey: Uint8Array.of(2, 97, 0, 1) }],
    encode: formats.encodeStoredValueQuestion,
    decode: formats.decodeStoredValueQuestion,
  }),
  codec<Uint8Array | undefined>({
    name: 'stored value answer',
    code,
    values: [undefined, new Uint8Array(0), Uint8Array.of(2, 1, 2)],
    encode: formats.encodeStoredValueAnswer,
    decode: formats.decodeStoredValueAnswer,
  }),
  codec<formats.ScrubQuestion>({
    name: 'scrub question',
    code,
    values: [{ group: 1, id: 5n, through: 9 }],
    encode: formats.encodeScrubQuestion,
    decode: formats.decodeScrubQuestion,
  }),
  codec<ScrubState>({
    name: 'scrub answer',
    code,
    values: [{ stage: 'log' }, { stage: 'failed', error: ERROR }],
    encode: formats.encodeScrubAnswer,
    decode: formats.decodeScrubAnswer,
    manyForms: true,
  }),
  codec<formats.KeyReferencesQuestion>({
    name: 'key references question',
    code,
    values: [{ group: 1, keyId: 7 }],
    encode: formats.encodeKeyReferencesQuestion,
    decode: formats.decodeKeyReferencesQuestion,
  }),
  codec<KeyReferences>({
    name: 'key references',
    code,
    values: [REFERENCES],
    encode: formats.encodeKeyReferences,
    decode: formats.decodeKeyReferences,
  }),
];
