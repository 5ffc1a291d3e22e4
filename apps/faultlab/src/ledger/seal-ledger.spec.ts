import { toUtf8 } from '@caisson/base';
import { CounterLedger, TextLedger } from './seal-ledger.js';

const NONE = new Uint8Array(0);
const nonceOf = (count: number, epoch = 1) => Uint8Array.of(0, 1, 0, epoch, 0, 0, 0, 0, 0, 0, 0, count);

test('a count that does not rise is noticed, in each stream for itself', () => {
  const ledger = new CounterLedger();
  expect(ledger.note('k', nonceOf(1), NONE, toUtf8('a'))).toBeUndefined();
  expect(ledger.note('k', nonceOf(2), NONE, toUtf8('a'))).toBeUndefined();
  expect(ledger.note('k', nonceOf(1, 2), NONE, toUtf8('a'))).toBeUndefined();
  expect(ledger.note('other', nonceOf(1), NONE, toUtf8('a'))).toBeUndefined();
  expect(ledger.note('k', nonceOf(2), NONE, toUtf8('a'))).toContain('is 2 after 2');
  expect(ledger.streams).toBe(3);
});

test('another text under one nonce is noticed, and the same one is not', () => {
  const ledger = new TextLedger();
  expect(ledger.note('k', nonceOf(1), NONE, toUtf8('a'))).toBeUndefined();
  expect(ledger.note('k', nonceOf(1), NONE, toUtf8('a'))).toBeUndefined();
  expect(ledger.note('k', nonceOf(1), toUtf8('aad'), toUtf8('a'))).toContain('two texts');
});

test('every sixteenth seal is kept as it is', () => {
  const ledger = new CounterLedger();
  for (let count = 1; count <= 33; count++) ledger.note('k', nonceOf(count), NONE, toUtf8(String(count)));
  expect(ledger.sampled).toBe(3);
});
