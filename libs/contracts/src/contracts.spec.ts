import { inspect } from 'node:util';
import {
  CaissonError,
  codeOfWire,
  ERRORS,
  isCaissonError,
  list,
  optional,
  Secret,
  slot,
  toCaissonError,
} from './index.js';

test('wire numbers are unique and find their code again', () => {
  const numbers = Object.values(ERRORS).map((entry) => entry.wire);
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const [code, entry] of Object.entries(ERRORS)) expect(codeOfWire(entry.wire)).toBe(code);
  expect(codeOfWire(99_999)).toBeUndefined();
});

test('every error says what happened and what to do, and has an exit code a shell can see', () => {
  for (const entry of Object.values(ERRORS)) {
    expect(entry.meaning).toMatch(/^[A-Z].*\.$/);
    expect(entry.wayOut).toMatch(/^[A-Za-z].*\.$/);
    expect(entry.exit).toBeGreaterThan(0);
    expect(entry.exit).toBeLessThan(256);
  }
});

test('an error is recognised by brand and code, whichever copy of the package made it', () => {
  const error = new CaissonError('DISK_FULL', { path: '/x', bytes: 5n });
  const foreign = { [Symbol.for('caisson.error')]: true, code: 'DISK_FULL' };
  expect(isCaissonError(error, 'DISK_FULL')).toBe(true);
  expect(isCaissonError(error, 'DISK_ERROR')).toBe(false);
  expect(isCaissonError(foreign, 'DISK_FULL')).toBe(true);
  expect(isCaissonError(new TypeError('x'))).toBe(false);
  expect(error.message).toContain('path=/x');
  expect(error.message).toContain(ERRORS.DISK_FULL.wayOut);
});

test('a foreign error becomes INTERNAL and its text is kept out of the message', () => {
  const wrapped = toCaissonError(new TypeError('user value 42'));
  expect(wrapped.code).toBe('INTERNAL');
  expect(wrapped.message).not.toContain('42');
  expect(wrapped.cause).toBeInstanceOf(TypeError);
});

test('a secret prints as [secret] however it is printed, and erases', () => {
  const source = Uint8Array.of(1, 2, 3);
  const secret = new Secret(source);
  source.fill(9);
  expect(
    [String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`].join(' '),
  ).not.toMatch(/[123]/);
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toEqual(Uint8Array.of(1, 2, 3));
  secret.erase();
  expect(secret.reveal()).toEqual(Uint8Array.of(0, 0, 0));
});

test('tokens of one name are one service, in any copy of the package', () => {
  expect(slot('x/Y').key).toBe(Symbol.for('caisson:x/Y'));
  expect(list('x/Z').cardinality).toBe('list');
  expect(optional(slot('x/Y'))).toMatchObject({ optional: true });
});
