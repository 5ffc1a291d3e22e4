import { copyBytes, equalBytes } from '@caisson/base';
import { Secret } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { type CipherHarness, keyOf, nonceOf, pattern, VECTORS } from './cipher-harness.js';

const LENGTHS = [0, 1, 15, 16, 17, 31, 32, 33, 255, 1000, 70_000];
const AAD = pattern(50, 3);

/** Sealing and opening what is genuine. */
export const sealingCases: readonly Case<CipherHarness>[] = [
  {
    id: 'cipher/owns-sane-versions-and-sizes',
    because: 'an envelope’s first byte picks the suite, and its layout follows from the sizes',
    async run({ cipher }) {
      const { versions, keyBytes, nonceBytes, tagBytes } = cipher;
      check(/^[a-z0-9-]{1,64}$/.test(cipher.id), 'the id is kebab-case');
      check(versions.length > 0, 'the suite owns a version');
      check(
        versions.every((version) => Number.isInteger(version) && version >= 1 && version <= 15),
        'versions are 1..15',
      );
      checkEqual(new Set(versions).size, versions.length, 'different versions');
      check(keyBytes >= 16, 'keys have at least 128 bits');
      check(nonceBytes >= 12, 'nonces have at least 96 bits');
      check(tagBytes >= 16, 'tags have at least 128 bits');
    },
  },
  {
    id: 'cipher/opens-what-it-sealed',
    because: 'values of every length come back, block sizes or not',
    async run({ cipher }) {
      const key = keyOf(cipher);
      for (const [at, length] of LENGTHS.entries()) {
        for (const aad of [new Uint8Array(0), AAD]) {
          const nonce = nonceOf(cipher, at * 2 + (aad.length > 0 ? 1 : 0));
          const sealed = key.seal(nonce, aad, pattern(length, 5));
          checkEqual(key.open(nonce, aad, sealed), pattern(length, 5), `a plaintext of ${length} bytes`);
        }
      }
    },
  },
  {
    id: 'cipher/opens-empty-as-empty',
    because: 'an empty value exists, and a missing one does not',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const sealed = key.seal(nonceOf(cipher, 1), AAD, new Uint8Array(0));
      checkEqual(sealed.length, cipher.tagBytes, 'bytes of a sealed empty plaintext');
      checkEqual(key.open(nonceOf(cipher, 1), AAD, sealed), new Uint8Array(0), 'the opened empty plaintext');
    },
  },
  {
    id: 'cipher/adds-only-its-tag',
    because: 'limits and disk budgets are computed from the tag’s length',
    async run({ cipher }) {
      const key = keyOf(cipher);
      for (const [at, length] of LENGTHS.entries()) {
        const sealed = key.seal(nonceOf(cipher, at), AAD, pattern(length, 5));
        checkEqual(sealed.length, length + cipher.tagBytes, `bytes of a sealed plaintext of ${length}`);
      }
    },
  },
  {
    id: 'cipher/hides-the-plaintext',
    because: 'the disk is the attacker’s',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const plaintext = pattern(64, 5);
      const sealed = [1, 2].map((number) =>
        key.seal(nonceOf(cipher, number), AAD, plaintext).subarray(0, 64),
      );
      const other = keyOf(cipher, 2).seal(nonceOf(cipher, 1), AAD, plaintext).subarray(0, 64);
      const texts = [plaintext, ...sealed, other].map(String);
      checkEqual(
        new Set(texts).size,
        texts.length,
        'different texts of one plaintext, two nonces and two keys',
      );
      const shared = plaintext.filter((byte, at) => byte === sealed[0]![at]).length;
      check(shared < 32, 'a ciphertext does not look like its plaintext');
    },
  },
  {
    id: 'cipher/gives-out-fresh-memory',
    because: 'opened values belong to whoever asked, and sealed ones go into batches',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const first = key.seal(nonceOf(cipher, 1), AAD, pattern(40, 1));
      const kept = copyBytes(first);
      const second = key.seal(nonceOf(cipher, 2), AAD, pattern(40, 2));
      checkEqual(first, kept, 'a sealed text after another was made');
      const opened = key.open(nonceOf(cipher, 1), AAD, first)!;
      const openedKept = copyBytes(opened);
      key.open(nonceOf(cipher, 2), AAD, second);
      checkEqual(opened, openedKept, 'an opened text after another was made');
      opened.fill(0);
      checkEqual(first, kept, 'the sealed text after the opened one was changed');
    },
  },
  {
    id: 'cipher/leaves-its-arguments-alone',
    because: 'the caller still needs the value it seals, the key it seals for, and the envelope it opens',
    async run({ cipher }) {
      const key = keyOf(cipher);
      const [nonce, aad, plaintext] = [nonceOf(cipher, 1), AAD.slice(), pattern(33, 5)];
      const sealed = key.seal(nonce, aad, plaintext);
      const before = copyBytes(sealed);
      key.open(nonce, aad, sealed);
      checkEqual(
        [nonce, aad, plaintext, sealed],
        [nonceOf(cipher, 1), AAD, pattern(33, 5), before],
        'arguments',
      );
    },
  },
  {
    id: 'cipher/keeps-a-key-of-its-own',
    because: 'the caller erases the key it prepared from at once',
    async run({ cipher }) {
      const source = new Secret(pattern(cipher.keyBytes, 1));
      const key = cipher.prepare(source);
      source.erase();
      const sealed = key.seal(nonceOf(cipher, 1), AAD, pattern(20, 5));
      checkEqual(
        sealed,
        keyOf(cipher).seal(nonceOf(cipher, 1), AAD, pattern(20, 5)),
        'a text sealed after the key was erased',
      );
      checkEqual(
        key.open(nonceOf(cipher, 1), AAD, sealed),
        pattern(20, 5),
        'a text opened after the key was erased',
      );
    },
  },
  {
    id: 'cipher/keeps-prepared-keys-apart',
    because: 'retiring one key must not take another with it',
    async run({ cipher }) {
      const [one, other] = [keyOf(cipher, 1), keyOf(cipher, 2)];
      const sealed = one.seal(nonceOf(cipher, 1), AAD, pattern(20, 5));
      other.seal(nonceOf(cipher, 2), AAD, pattern(20, 6));
      other.dispose();
      checkEqual(
        one.open(nonceOf(cipher, 1), AAD, sealed),
        pattern(20, 5),
        'a text of a key that was not disposed',
      );
    },
  },
  {
    id: 'cipher/gives-the-published-answers',
    because: 'another build, or another program, must open what this one sealed',
    needs: VECTORS,
    async run({ cipher, vectors = [] }) {
      for (const { source, key, nonce, aad, plaintext, sealed } of vectors) {
        const prepared = cipher.prepare(new Secret(key));
        checkEqual(prepared.seal(nonce, aad, plaintext), sealed, `the sealed text of ${source}`);
        const opened = prepared.open(nonce, aad, sealed);
        check(opened !== undefined && equalBytes(opened, plaintext), `${source} opens`);
      }
    },
  },
];
