import { CaissonError, type Compressor } from '@caisson/contracts';
import type { CompressorHarness } from '../compressor/compressor-kit.js';
import { PlainSnappy } from '../toys/plain-snappy.js';
import { type Mutant, override } from './mutant.js';

export function plainSnappyHarness(): CompressorHarness {
  return { compressor: new PlainSnappy() };
}

function planted(
  name: string,
  breaks: readonly string[],
  plant: (compressor: Compressor) => Partial<Compressor>,
): Mutant<CompressorHarness> {
  const harness = (): CompressorHarness => {
    const sound = new PlainSnappy();
    return { compressor: override<Compressor>(sound, plant(sound)) };
  };
  return { name, breaks: breaks.map((id) => `compressor/${id}`), harness };
}

export const compressorMutants: readonly Mutant<CompressorHarness>[] = [
  planted('LosesTheLastByte', ['gives-back-what-came-in'], (sound) => ({
    compress: (bytes) => sound.compress(bytes.subarray(0, Math.min(bytes.length, 150_000))),
  })),
  planted('StoresOnly', ['makes-repetition-smaller'], (sound) => ({
    compress: (bytes) => (bytes.length === 4096 ? bytes.slice() : sound.compress(bytes)),
  })),
  planted('KnowsShortCopiesOnly', ['reads-the-published-format'], (sound) => ({
    decompress: (stream, max) => {
      const isLongCopy = stream[0] === 16 && stream.at(-1) === 0;
      return isLongCopy ? undefined : sound.decompress(stream, max);
    },
  })),
  planted('IgnoresTheLimit', ['answers-no-more-than-asked-for'], (sound) => ({
    decompress: (stream) => sound.decompress(stream, Infinity),
  })),
  planted('FillsWithZeros', ['refuses-a-lying-length'], (sound) => ({
    decompress: (stream, max) => {
      const answer = sound.decompress(stream, max);
      return answer ?? (stream.length === 9 && stream[0] === 127 ? new Uint8Array(127) : undefined);
    },
  })),
  planted('ThrowsAtStumps', ['refuses-what-is-no-stream'], (sound) => ({
    decompress: (stream, max) => {
      if (stream.length === 0) throw new CaissonError('ENVELOPE_MALFORMED');
      return sound.decompress(stream, max);
    },
  })),
  planted('ReusesItsBuffer', ['gives-out-fresh-memory'], (sound) => {
    const buffer = new Uint8Array(4_000);
    return {
      compress: (bytes) => {
        const stream = sound.compress(bytes);
        if (stream.length > buffer.length) return stream;
        buffer.set(stream);
        return buffer.subarray(0, stream.length);
      },
    };
  }),
];
