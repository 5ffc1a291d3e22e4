import { CaissonError, ERRORS, type ErrorCode } from '@caisson/contracts';
import { decodeWireError, encodeErrorDetails, encodeWireError, errorOfWire } from '../index.js';

test('every error of the catalogue arrives under its own code', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    expect(decodeWireError(encodeWireError(new CaissonError(code))).code).toBe(code);
  }
});

test('details arrive; integers beyond 2^53 as decimal text', () => {
  const details = { field: 'Schlüssel', limit: 10, deep: true, members: ['n1'], ts: 1n << 63n };
  const arrived = decodeWireError(encodeWireError(new CaissonError('INVALID_ARGUMENT', details)));
  expect(arrived.details).toEqual({ ...details, ts: '9223372036854775808' });
});

test('the number of an error this build does not know becomes INTERNAL and is kept', () => {
  const arrived = decodeWireError(Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d));
  expect(arrived.code).toBe('INTERNAL');
  expect(arrived.details).toEqual({ wire: 0xfffe });
});

test('details too long to send are left out, the error is not', () => {
  const error = new CaissonError('INVALID_ARGUMENT', { text: 'x'.repeat(100_000) });
  expect(encodeErrorDetails(error.details)).toBe('{}');
  expect(decodeWireError(encodeWireError(error)).code).toBe('INVALID_ARGUMENT');
});

test.each([
  '',
  'no json',
  '[]',
  'null',
  '1',
  '{"a":{}}',
  '{"a":null}',
  '{"a":[1]}',
  `"${'x'.repeat(20_000)}"`,
])('details that are none are refused, not thrown through: %.20s', (text) => {
  expect(errorOfWire(13, text).code).toBe('MESSAGE_MALFORMED');
  const body = new Uint8Array([0, 13, ...new TextEncoder().encode(text)]);
  expect(() => decodeWireError(body)).toThrow('MESSAGE_MALFORMED');
});

test('a member named like a prototype is a detail like others', () => {
  const arrived = errorOfWire(13, '{"__proto__":"x"}');
  expect(Object.getPrototypeOf(arrived.details)).toBe(Object.prototype);
  expect(arrived.code).toBe('NOT_LEADER');
});
