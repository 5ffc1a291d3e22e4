import { concatBytes } from '@caisson/base';
import type { Case } from '../case.js';
import { checkEqual } from '../check.js';
import { type CipherHarness, keyOf, nonceOf, pattern } from './cipher-harness.js';

const AAD = pattern(23, 3);
const PLAINTEXT = pattern(37, 5);

/** What is not genuine opens as nothing: no exception, no part of it, no hint. */
export const forgeryCases: readonly Case<CipherHarness>[] = [
  {
    id: 'cipher/refuses-every-changed-byte',
    because: 'a value that was edited on disk is an integrity failure, wherever it was edited',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const nonce = nonceOf(cipher, 1);
      const sealed = key.seal(nonce, AAD, PLAINTEXT);
      for (const changed of changes(sealed))
        checkEqual(key.open(nonce, AAD, changed), undefined, 'a changed text');
      checkEqual(key.open(nonce, AAD, sealed), PLAINTEXT, 'the unchanged text');
    },
  },
  {
    id: 'cipher/binds-the-aad',
    because: 'a value moved to another key, or with an edited expiry, must not open',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const nonce = nonceOf(cipher, 1);
      const sealed = key.seal(nonce, AAD, PLAINTEXT);
      const others = [
        ...changes(AAD),
        AAD.subarray(1),
        AAD.subarray(0, -1),
        new Uint8Array(0),
        concatBytes(AAD, AAD),
      ];
      for (const aad of others)
        checkEqual(key.open(nonce, aad, sealed), undefined, 'a text under another AAD');
    },
  },
  {
    id: 'cipher/binds-the-nonce',
    because: 'an envelope’s nonce is stored beside it and can be edited like the rest',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const nonce = nonceOf(cipher, 1);
      const sealed = key.seal(nonce, AAD, PLAINTEXT);
      for (const other of changes(nonce))
        checkEqual(key.open(other, AAD, sealed), undefined, 'a text under another nonce');
    },
  },
  {
    id: 'cipher/binds-the-key',
    because: 'an envelope that names the wrong key must fail, not open as noise',
    async run({ cipher }) {
      const sealed = keyOf(cipher, 1).seal(nonceOf(cipher, 1), AAD, PLAINTEXT);
      checkEqual(
        keyOf(cipher, 2).open(nonceOf(cipher, 1), AAD, sealed),
        undefined,
        'a text under another key',
      );
    },
  },
  {
    id: 'cipher/refuses-texts-of-any-other-length',
    because: 'a truncated file must meet a typed error, not a crash',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const nonce = nonceOf(cipher, 1);
      const sealed = key.seal(nonce, AAD, PLAINTEXT);
      for (let length = 0; length < sealed.length; length++) {
        checkEqual(key.open(nonce, AAD, sealed.subarray(0, length)), undefined, `the first ${length} bytes`);
      }
      checkEqual(
        key.open(nonce, AAD, concatBytes(sealed, Uint8Array.of(0))),
        undefined,
        'a text with a byte too many',
      );
      checkEqual(key.open(nonce, AAD, sealed.subarray(1)), undefined, 'a text without its first byte');
    },
  },
];

/** `bytes` with one bit changed, at every byte. */
function changes(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, changed) =>
    bytes.map((byte, at) => (at === changed ? byte ^ (1 << at % 8) : byte)),
  );
}
