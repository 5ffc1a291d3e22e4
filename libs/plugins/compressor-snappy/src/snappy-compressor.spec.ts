import { PlainSnappy } from '@caisson/compliance';
import fc from 'fast-check';
import { SnappyCompressor } from './snappy-compressor.js';
import { streamLength } from './stream-length.js';

const snappy = new SnappyCompressor();
const second = new PlainSnappy();
const anything = fc.uint8Array({ maxLength: 400 });
/** Runs and repeats, so that copies of every kind occur. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.integer({ min: 1, max: 60 })), {
    maxLength: 6,
  })
  .map((runs) =>
    Uint8Array.from(
      runs.flatMap(([run, times]) =>
        Array(times)
          .fill([...run])
          .flat(),
      ),
    ),
  );

test('two implementations read what the other wrote', () => {
  fc.assert(
    fc.property(fc.oneof(anything, repetitive), (bytes) => {
      expect(second.decompress(snappy.compress(bytes), bytes.length)).toEqual(bytes);
      expect(snappy.decompress(second.compress(bytes), bytes.length)).toEqual(bytes);
    }),
  );
});

test('both agree about every damaged stream: its bytes, or none', () => {
  fc.assert(
    fc.property(repetitive, fc.nat(), fc.nat({ max: 255 }), (bytes, at, byte) => {
      const stream = snappy.compress(bytes);
      stream[at % stream.length] = byte;
      expect(snappy.decompress(stream, 1 << 20)).toEqual(second.decompress(stream, 1 << 20));
    }),
    { numRuns: 500 },
  );
});

test('a stream that states a gibibyte takes no memory', () => {
  const stream = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 0, 7);
  expect(streamLength(stream)).toBeUndefined();
  expect(snappy.decompress(stream, 2 ** 31)).toBeUndefined();
});

test('a Buffer gives bytes that share no memory with it', () => {
  const whole = Buffer.alloc(100, 1);
  const compressed = snappy.compress(whole.subarray(10, 90));
  expect(compressed.buffer.byteLength).toBe(compressed.length);
  expect(snappy.decompress(Buffer.from(compressed), 100)).toEqual(new Uint8Array(80).fill(1));
});
