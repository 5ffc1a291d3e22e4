import { CaissonError } from '@caisson/contracts';
import fc from 'fast-check';
import { bytes, codec, exactly, index, judgeCodecs, u16, u32, u64 } from '../testdata/hostile.js';
import * as formats from './index.js';

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const ascending = fc.uniqueArray(index, { maxLength: 4 }).map((ids) => ids.sort((a, b) => a - b));
const epochs = fc
  .uniqueArray(fc.record({ keyId: u32, epoch: u16 }), { maxLength: 4, selector: ({ keyId }) => keyId })
  .map((list) => list.sort((a, b) => a.keyId - b.keyId));
const capability = fc.record(
  {
    fullNodeId: u64,
    capable: fc.boolean(),
    sidecarPresent: fc.boolean(),
    epochs,
    build: fc.string({ maxLength: 8 }),
    proof: exactly(32),
  },
  { requiredKeys: ['fullNodeId', 'capable', 'sidecarPresent', 'epochs', 'build'] },
);
const outcome = fc.record({ kind: fc.constant('applied' as const), result: bytes(20) });

judgeCodecs([
  codec('identity question', 'MESSAGE_MALFORMED', fc.record({ group: index, challenge: bytes(40) }), [
    formats.encodeIdentityQuestion,
    formats.decodeIdentityQuestion,
  ]),
  codec(
    'identity answer',
    'MESSAGE_MALFORMED',
    fc.record({
      name,
      fullNodeId: u64,
      clusterId: exactly(16),
      birth: fc.constantFrom('encrypted', 'clear'),
      format: u32,
      groups: ascending,
      capability: bytes(40),
    }),
    [formats.encodeIdentityAnswer, formats.decodeIdentityAnswer],
  ),
  codec('epoch question', 'MESSAGE_MALFORMED', fc.record({ group: index, fullNodeId: u64 }), [
    formats.encodeEpochQuestion,
    formats.decodeEpochQuestion,
  ]),
  codec('epoch answer', 'MESSAGE_MALFORMED', fc.option(u16, { nil: undefined }), [
    formats.encodeEpochAnswer,
    formats.decodeEpochAnswer,
  ]),
  codec(
    'stored value question',
    'MESSAGE_MALFORMED',
    fc.record({ group: index, applied: index, storeKey: bytes(40) }),
    [formats.encodeStoredValueQuestion, formats.decodeStoredValueQuestion],
  ),
  codec('stored value answer', 'MESSAGE_MALFORMED', fc.option(bytes(40), { nil: undefined }), [
    formats.encodeStoredValueAnswer,
    formats.decodeStoredValueAnswer,
  ]),
  codec('proposal question', 'MESSAGE_MALFORMED', fc.record({ group: index, payload: bytes(40) }), [
    formats.encodeProposalQuestion,
    formats.decodeProposalQuestion,
  ]),
  codec('introduction', 'MESSAGE_MALFORMED', fc.record({ group: index, index, name, address: name }), [
    formats.encodeIntroduction,
    formats.decodeIntroduction,
  ]),
  codec('proposal answer', 'MESSAGE_MALFORMED', fc.record({ position: index, outcome }), [
    formats.encodeProposalAnswer,
    // Of a refusal's details there is more than one text.
    (input) => {
      const answer = formats.decodeProposalAnswer(input);
      if (answer.outcome.kind === 'applied') return { ...answer, outcome: answer.outcome };
      throw new CaissonError('MESSAGE_MALFORMED');
    },
  ]),
  codec(
    'challenge',
    'INVALID_ARGUMENT',
    fc.record({ nonce: exactly(16), floors: epochs, container: bytes(40), mac: exactly(32) }),
    [formats.encodeChallenge, formats.decodeChallenge],
  ),
  codec('epoch floors', 'SIDECAR_CORRUPT', epochs, [formats.encodeEpochFloors, formats.decodeEpochFloors]),
  codec('capability', 'INVALID_ARGUMENT', capability, [formats.encodeCapability, formats.decodeCapability]),
]);

test('a proof and a floor are over different bytes, bound to nonce, cluster and candidate', () => {
  const context = {
    nonce: new Uint8Array(16).fill(1),
    clusterId: new Uint8Array(16).fill(2),
    fullNodeId: 3n,
  };
  const inputs = [
    formats.capabilityProofInput(context),
    formats.capabilityProofInput({ ...context, nonce: new Uint8Array(16) }),
    formats.capabilityProofInput({ ...context, clusterId: new Uint8Array(16) }),
    formats.capabilityProofInput({ ...context, fullNodeId: 4n }),
    formats.epochFloorsInput(context, [{ keyId: 1, epoch: 5 }]),
    formats.epochFloorsInput(context, [{ keyId: 1, epoch: 6 }]),
  ];
  expect(new Set(inputs.map(String)).size).toBe(inputs.length);
});

test('a refused proposal comes back with its error', () => {
  const error = new CaissonError('KEY_RETIRED', { keyId: 7 });
  const answer = formats.encodeProposalAnswer({ position: 9, outcome: { kind: 'refused', error } });
  expect(formats.decodeProposalAnswer(answer)).toMatchObject({
    position: 9,
    outcome: { kind: 'refused', error: { code: 'KEY_RETIRED', details: { keyId: 7 } } },
  });
});
