import { concatBytes, fromHex, toUtf8 } from '@caisson/base';
import type { Compressor } from '@caisson/contracts';
import type { Case, Harness, Kit } from '../case.js';
import { check, checkEqual } from '../check.js';

/** What the compressor kit works on. */
export interface CompressorHarness extends Harness {
  readonly compressor: Compressor;
}

const ROOM = 1 << 20;
const TEXT = toUtf8('a value that says the same, says the same, and says the same again'.repeat(40));
/** One literal of four bytes, and three copies of it that overlap: written by hand after the description. */
const BY_HAND = { stream: fromHex('100c616263642e0400')!, text: 'abcd'.repeat(4) };
/** As `BY_HAND` in the end, with copies of one, two and four bytes of offset. */
const EVERY_COPY = fromHex('100c6162636401040e04000f04000000')!;

const NO_STREAMS = ['', '80', 'ff', '0108', '020c61', '0500', '05fcffffffff61', '0461000108', '1000610e0200'];

/** Bytes in which nothing repeats for long. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) >>> 8);
}

const SAMPLES = [0, 1, 3, 59, 60, 61, 64, 255, 257, 65_535, 65_537, 200_000].flatMap((length) => [
  new Uint8Array(length),
  noise(length),
]);

const cases: readonly Case<CompressorHarness>[] = [
  {
    id: 'compressor/gives-back-what-came-in',
    because: 'a value is what its user wrote',
    async run({ compressor }) {
      for (const bytes of [...SAMPLES, TEXT]) {
        const back = compressor.decompress(compressor.compress(bytes), bytes.length);
        checkEqual(back, bytes, `${bytes.length} bytes`);
      }
    },
  },
  {
    id: 'compressor/makes-repetition-smaller',
    because: 'what does not get smaller is stored as it is, and costs the attempt',
    async run({ compressor }) {
      check(compressor.compress(new Uint8Array(4096)).length < 1024, 'zeros become smaller');
    },
  },
  {
    id: 'compressor/reads-the-published-format',
    because: 'another build, or another plugin, reads what this one wrote',
    async run({ compressor }) {
      const { stream, text } = BY_HAND;
      for (const each of [stream, EVERY_COPY]) {
        checkEqual(compressor.decompress(each, ROOM), toUtf8(text), 'a stream written by hand');
      }
      checkEqual(compressor.decompress(Uint8Array.of(0), ROOM), new Uint8Array(0), 'the empty stream');
    },
  },
  {
    id: 'compressor/answers-no-more-than-asked-for',
    because: 'a stream of some bytes can state a length that takes all memory',
    async run({ compressor }) {
      const stream = compressor.compress(TEXT);
      checkEqual(compressor.decompress(stream, TEXT.length - 1), undefined, 'a byte less than it takes');
      checkEqual(compressor.decompress(stream, TEXT.length), TEXT, 'just what it takes');
    },
  },
  {
    id: 'compressor/refuses-a-lying-length',
    because: 'a value that ends early, or is filled with zeros, is not the value',
    async run({ compressor }) {
      const { stream, text } = BY_HAND;
      for (const stated of [0, 1, text.length - 1, text.length + 1, 127]) {
        const lying = concatBytes(Uint8Array.of(stated), stream.subarray(1));
        checkEqual(compressor.decompress(lying, ROOM), undefined, `${text.length} stated as ${stated}`);
      }
    },
  },
  {
    id: 'compressor/refuses-what-is-no-stream',
    because: 'a damaged value must meet a typed error, not a crash, and never half a value',
    async run({ compressor }) {
      for (const text of NO_STREAMS) {
        const bytes = fromHex(text)!;
        checkEqual(compressor.decompress(bytes, ROOM), undefined, `the stream <${text}>`);
      }
      const stream = compressor.compress(TEXT);
      for (let length = 0; length < stream.length; length++) {
        const stump = stream.subarray(0, length);
        checkEqual(compressor.decompress(stump, ROOM), undefined, `${length} bytes of it`);
      }
    },
  },
  {
    id: 'compressor/gives-out-fresh-memory',
    because: 'values belong to whoever asked, and outlive the next one',
    async run({ compressor }) {
      const first = compressor.compress(TEXT);
      const kept = first.slice();
      compressor.compress(noise(3000));
      checkEqual(first, kept, 'a stream after the next one');
      const back = compressor.decompress(first, ROOM);
      compressor.decompress(compressor.compress(new Uint8Array(5000)), ROOM);
      checkEqual(back, TEXT, 'bytes after the next ones');
    },
  },
];

/** What every compressor promises. */
export const compressorKit: Kit<CompressorHarness> = { id: 'compressor', contract: 'Compressor', cases };
