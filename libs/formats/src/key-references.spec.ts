import type { KeyReferences } from '@caisson/contracts';
import fc from 'fast-check';
import { codec, index, judgeCodecs, u32 } from '../testdata/hostile.js';
import * as formats from './index.js';

const lease = fc.record(
  { kind: fc.constantFrom('snapshot', 'backup', 'incoming'), index, values: index },
  { requiredKeys: ['kind', 'index'] },
);
const references = fc.record({
  purpose: fc.constantFrom(undefined, 'storage', 'raft'),
  state: fc.constantFrom('unknown', 'active', 'retiring', 'suspended', 'retired'),
  stateIndex: index,
  applied: index,
  values: index,
  intents: index,
  unreadable: index,
  isCursorTarget: fc.boolean(),
  logStart: index,
  lastUse: index,
  leases: fc.array(lease, { maxLength: 4 }),
  isHeld: fc.boolean(),
}) as fc.Arbitrary<KeyReferences>;

judgeCodecs([
  codec('key references question', 'MESSAGE_MALFORMED', fc.record({ group: index, keyId: u32 }), [
    formats.encodeKeyReferencesQuestion,
    formats.decodeKeyReferencesQuestion,
  ]),
  codec('key references', 'MESSAGE_MALFORMED', references, [
    formats.encodeKeyReferences,
    formats.decodeKeyReferences,
  ]),
]);

test('an answer has the layout that is written down', () => {
  const answer: KeyReferences = {
    state: 'suspended',
    purpose: 'storage',
    isHeld: true,
    isCursorTarget: false,
    stateIndex: 1,
    applied: 2,
    values: 3,
    intents: 4,
    unreadable: 5,
    logStart: 6,
    lastUse: 7,
    leases: [{ kind: 'backup', index: 8, values: 9 }],
  };
  const bytes = Buffer.from(formats.encodeKeyReferences(answer)).toString('hex');
  const u64 = (value: number) => value.toString(16).padStart(16, '0');
  const counts = [1, 2, 3, 4, 5, 6, 7].map(u64).join('');
  expect(bytes).toBe(`01030101${counts}000101${u64(8)}01${u64(9)}`);
});

test('leases that are announced and not there are refused before there is room made for them', () => {
  const none = formats.encodeKeyReferences({
    state: 'unknown',
    purpose: undefined,
    isHeld: false,
    isCursorTarget: false,
    stateIndex: 0,
    applied: 0,
    values: 0,
    intents: 0,
    unreadable: 0,
    logStart: 0,
    lastUse: 0,
    leases: [],
  });
  const lying = none.with(-1, 0xff);
  expect(() => formats.decodeKeyReferences(lying)).toThrow(/leases/);
});
