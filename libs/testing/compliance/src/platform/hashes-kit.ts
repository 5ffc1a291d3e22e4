import { concatBytes, copyBytes, fromHex, toUtf8 } from '@caisson/base';
import { type Hashes, Secret } from '@caisson/contracts';
import type { Case, Harness, Kit } from '../case.js';
import { check, checkEqual } from '../check.js';

/** What the hashes kit works on. */
export interface HashesHarness extends Harness {
  readonly hashes: Hashes;
}

const EMPTY = new Uint8Array(0);

const cases: readonly Case<HashesHarness>[] = [
  {
    id: 'hashes/sha256-gives-the-published-answers',
    because: 'snapshots and digests are compared between builds',
    async run({ hashes }) {
      const answers: readonly (readonly [string, Uint8Array, string])[] = [
        ['nothing', EMPTY, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
        ['abc', toUtf8('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
        [
          'FIPS 180 B.2',
          toUtf8('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
          '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
        ],
      ];
      for (const [name, message, digest] of answers)
        checkEqual(hashes.sha256(message), hex(digest), `SHA-256 of ${name}`);
    },
  },
  {
    id: 'hashes/hashes-parts-as-one',
    because: 'a stream is digested as it comes, in pieces of any size',
    async run({ hashes }) {
      const [a, b, c] = [toUtf8('ab'), EMPTY, toUtf8('c')];
      checkEqual(hashes.sha256(a, b, c), hashes.sha256(toUtf8('abc')), 'SHA-256 of parts');
      checkEqual(hashes.sha256(), hashes.sha256(EMPTY), 'SHA-256 of no parts');
      const key = new Secret(toUtf8('key'));
      checkEqual(hashes.hmacSha256(key, a, b, c), hashes.hmacSha256(key, toUtf8('abc')), 'HMAC of parts');
    },
  },
  {
    id: 'hashes/hashes-a-stream-as-one',
    because: 'a snapshot is digested while it is sent, and what reuses its memory must not change the digest',
    async run({ hashes }) {
      const running = hashes.runningSha256();
      const other = hashes.runningSha256();
      const piece = toUtf8('ab');
      running.update(piece);
      piece.fill(0);
      other.update(toUtf8('other'));
      running.update(EMPTY);
      running.update(toUtf8('c'));
      checkEqual(running.done(), hashes.sha256(toUtf8('abc')), 'SHA-256 of a stream');
      checkEqual(other.done(), hashes.sha256(toUtf8('other')), 'SHA-256 of a stream beside it');
      checkEqual(hashes.runningSha256().done(), hashes.sha256(EMPTY), 'SHA-256 of an empty stream');
    },
  },
  {
    id: 'hashes/hashes-what-a-view-shows',
    because: 'byte strings are views into larger buffers, and the rest is none of the hash’s business',
    async run({ hashes }) {
      const whole = toUtf8('xxabcxx');
      checkEqual(hashes.sha256(whole.subarray(2, 5)), hashes.sha256(toUtf8('abc')), 'SHA-256 of a view');
    },
  },
  {
    id: 'hashes/hmac-gives-the-published-answers',
    because: 'a sidecar’s MAC must verify on another build',
    async run({ hashes }) {
      const answers: readonly (readonly [string, Uint8Array, Uint8Array, string])[] = [
        [
          '1',
          filled(20, 0x0b),
          toUtf8('Hi There'),
          'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
        ],
        [
          '2',
          toUtf8('Jefe'),
          toUtf8('what do ya want for nothing?'),
          '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
        ],
        [
          '3',
          filled(20, 0xaa),
          filled(50, 0xdd),
          '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
        ],
        [
          '6',
          filled(131, 0xaa),
          toUtf8('Test Using Larger Than Block-Size Key - Hash Key First'),
          '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
        ],
      ];
      for (const [number, key, message, mac] of answers) {
        checkEqual(hashes.hmacSha256(new Secret(key), message), hex(mac), `HMAC of RFC 4231 case ${number}`);
      }
    },
  },
  {
    id: 'hashes/hkdf-gives-the-published-answers',
    because: 'keys derived on one node must be derived alike on every other',
    async run({ hashes }) {
      const expand = (key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) =>
        hashes.hkdfSha256(new Secret(key), salt, info, length).reveal();
      const first = expand(filled(22, 0x0b), counted(0x00, 13), counted(0xf0, 10), 42);
      checkEqual(first, hex(RFC_5869_A1), 'HKDF of RFC 5869 A.1');
      const second = expand(counted(0x00, 80), counted(0x60, 80), counted(0xb0, 80), 82);
      checkEqual(second, hex(RFC_5869_A2), 'HKDF of RFC 5869 A.2');
      checkEqual(expand(filled(22, 0x0b), EMPTY, EMPTY, 42), hex(RFC_5869_A3), 'HKDF of RFC 5869 A.3');
      checkEqual(
        expand(filled(22, 0x0b), EMPTY, EMPTY, 8),
        hex(RFC_5869_A3).subarray(0, 8),
        'a short derived key',
      );
    },
  },
  {
    id: 'hashes/gives-out-fresh-memory',
    because: 'a digest that is kept must not become another one',
    async run({ hashes }) {
      const first = hashes.sha256(toUtf8('a'));
      const kept = copyBytes(first);
      hashes.sha256(toUtf8('b'));
      checkEqual(first, kept, 'a digest after another was made');
      first.fill(0);
      checkEqual(hashes.sha256(toUtf8('a')), kept, 'the digest again, after the first was changed');
    },
  },
  {
    id: 'hashes/compares-all-of-two-texts',
    because: 'a MAC that matches in part is forged',
    async run({ hashes }) {
      const bytes = counted(1, 32);
      check(hashes.equal(bytes, copyBytes(bytes)), 'equal texts are equal');
      check(hashes.equal(EMPTY, EMPTY), 'nothing equals nothing');
      for (let at = 0; at < bytes.length; at++) {
        const other = copyBytes(bytes);
        other[at]! ^= 0x80;
        check(!hashes.equal(bytes, other), `texts that differ at ${at} differ`);
      }
      check(!hashes.equal(bytes, bytes.subarray(0, 31)), 'a shorter text differs');
      check(!hashes.equal(bytes, concatBytes(bytes, Uint8Array.of(0))), 'a longer text differs');
      check(!hashes.equal(bytes, EMPTY), 'nothing differs from something');
    },
  },
];

/**
 * What every set of hash functions promises. Whether `equal` takes the same time for all, no kit can tell.
 */
export const hashesKit: Kit<HashesHarness> = { id: 'hashes', contract: 'Hashes', cases };

const RFC_5869_A1 = '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865';
const RFC_5869_A2 =
  'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
  'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87';
const RFC_5869_A3 = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8';

function hex(text: string): Uint8Array {
  return fromHex(text) ?? EMPTY;
}

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function counted(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => from + at);
}
