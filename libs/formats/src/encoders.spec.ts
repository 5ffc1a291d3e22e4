import { InvariantError } from '@caisson/base';
import { isCaissonError } from '@caisson/contracts';
import {
  checkKey,
  checkValue,
  encodeCommands,
  encodeEnvelope,
  encodeLifecycle,
  encodeNonce,
  encodeScanResponse,
  encodeWrappedDek,
  fullNodeId,
  keyStateMacInput,
  EMPTY_KEY_STATE,
  LIMITS,
  nodeId16,
  requestResultKey,
} from './index.js';

const bytes = (length: number) => new Uint8Array(length);
const slot = { provider: 'kek-file', keyRef: 'a', blob: bytes(1) };
const key = {
  keyId: 1,
  purpose: 'storage',
  originId: bytes(16),
  check: bytes(8),
  container: bytes(1),
} as const;
const lifecycle = {
  wire: 2,
  clusterId: bytes(16),
  confIndex: 0,
  stateIndex: 0,
  fullNodeId: 1n,
  epoch: 0,
} as const;

test.each<[string, () => unknown]>([
  ['an epoch above 16 bits', () => encodeNonce({ nodeId16: 1, epoch: 0x1_0000, count: 1n })],
  ['a count above 64 bits', () => encodeNonce({ nodeId16: 1, epoch: 1, count: 1n << 64n })],
  ['a fraction', () => encodeNonce({ nodeId16: 1.5, epoch: 1, count: 1n })],
  [
    'a flag no version defines',
    () => encodeEnvelope({ flag: 2, keyId: 1, nonce: bytes(12), sealed: bytes(16) }),
  ],
  [
    'a nonce of another length',
    () => encodeEnvelope({ flag: 0, keyId: 1, nonce: bytes(11), sealed: bytes(16) }),
  ],
  [
    'an envelope without a tag',
    () => encodeEnvelope({ flag: 0, keyId: 1, nonce: bytes(12), sealed: bytes(15) }),
  ],
  ['a payload of no command', () => encodeCommands([])],
  ['a request id of another length', () => requestResultKey(bytes(15))],
  ['two slots of one key', () => encodeWrappedDek([slot, slot])],
  ['no slot', () => encodeWrappedDek([])],
  ['a provider outside its alphabet', () => encodeWrappedDek([{ ...slot, provider: 'Kek File' }])],
  ['an empty blob', () => encodeWrappedDek([{ ...slot, blob: bytes(0) }])],
  [
    'a container above its limit',
    () =>
      encodeWrappedDek(['a', 'b', 'c', 'd', 'e'].map((keyRef) => ({ ...slot, keyRef, blob: bytes(8192) }))),
  ],
  [
    'keys that do not ascend',
    () =>
      keyStateMacInput({ ...EMPTY_KEY_STATE, keys: [key, key].map((row) => ({ ...row, state: 'active' })) }),
  ],
  ['a rotation of two keys', () => encodeLifecycle({ ...lifecycle, sub: 'rotate', keys: [key, key] })],
  ['a rewrap that does not ascend', () => encodeLifecycle({ ...lifecycle, sub: 'rewrap', keys: [key, key] })],
  ['a retirement with a container', () => encodeLifecycle({ ...lifecycle, sub: 'retire', keys: [key] })],
  ['sealed mode with a key', () => encodeLifecycle({ ...lifecycle, sub: 'sealModeOn', keys: [key] })],
  [
    'a page of some values',
    () =>
      encodeScanResponse({
        pairs: [
          { key: bytes(1), commitTs: 1n },
          { key: bytes(2), value: bytes(1), commitTs: 1n },
        ],
        readTs: 1n,
        staleMs: 0,
      }),
  ],
])('an encoder writes nothing it could not read back: %s is a bug of the caller (FMT-1)', (_what, encode) => {
  expect(encode).toThrow(InvariantError);
  expect(encode).toThrow('FMT-1');
});

test('limits are refused with the field, the size and the limit', () => {
  checkKey(bytes(LIMITS.keyBytesMax));
  checkValue(bytes(10), 10);
  const refusal = (run: () => void) => {
    try {
      run();
    } catch (error) {
      if (isCaissonError(error, 'INVALID_ARGUMENT')) return error.details;
    }
    return undefined;
  };
  expect(refusal(() => checkKey(bytes(65537)))).toEqual({ field: 'key', bytes: 65537, limit: 65536 });
  expect(refusal(() => checkValue(bytes(11), 10))).toEqual({ field: 'value', bytes: 11, limit: 10 });
  expect(refusal(() => checkKey(bytes(65537), 'readKeys'))).toMatchObject({ field: 'readKeys' });
});

test('the empty name is unknown, and every other name has a number of its own', () => {
  expect(fullNodeId('')).toBe(0n);
  expect(new Set(['n1', 'n2', 'n3', 'N1'].map(fullNodeId)).size).toBe(4);
  expect(nodeId16(0x1234_5678_9abc_def0n)).toBe(0xdef0);
});
