import { OwnPayloads } from './own-payloads.js';

const AT = { term: 2, index: 7 };
const PAYLOAD = Uint8Array.of(1, 2, 3);
const DATA = Uint8Array.of(9, 9);

let own: OwnPayloads;
beforeEach(() => void (own = new OwnPayloads()));

test('what was sealed here is known again by its memory, at its own place, once', () => {
  own.add(AT, DATA, PAYLOAD);
  expect(own.take(AT, DATA)).toBe(PAYLOAD);
  expect(own.take(AT, DATA)).toBeUndefined();
});

test('equal bytes from elsewhere, and another term, are not what was sealed here', () => {
  own.add(AT, DATA, PAYLOAD);
  expect(own.take(AT, DATA.slice())).toBeUndefined();
  own.add(AT, DATA, PAYLOAD);
  expect(own.take({ ...AT, term: 3 }, DATA)).toBeUndefined();
  expect(own.take({ ...AT, index: 8 }, DATA)).toBeUndefined();
});

test('a place that is sealed again, or forgotten, gives nothing of before', () => {
  own.add(AT, DATA, PAYLOAD);
  own.add(AT, Uint8Array.of(8), PAYLOAD);
  expect(own.take(AT, DATA)).toBeUndefined();
  own.add(AT, DATA, PAYLOAD);
  own.clear();
  expect(own.take(AT, DATA)).toBeUndefined();
});

test('however much is sealed and never applied, little is held, the newest of it', () => {
  const large = new Uint8Array(9 * 1024 * 1024);
  for (let index = 1; index <= 5; index++) own.add({ term: 1, index }, DATA, large);
  expect(own.take({ term: 1, index: 2 }, DATA)).toBeUndefined();
  expect(own.take({ term: 1, index: 3 }, DATA)).toBe(large);
  for (let index = 10; index < 2000; index++) own.add({ term: 1, index }, DATA, PAYLOAD);
  expect(own.take({ term: 1, index: 4 }, DATA)).toBeUndefined();
  expect(own.take({ term: 1, index: 1999 }, DATA)).toBe(PAYLOAD);
});
