import { isCaissonError, type ErrorCode } from '@caisson/contracts';
import fc from 'fast-check';

/** One codec: what it carries, both directions, and the one code with which it refuses. */
export interface Codec {
  readonly name: string;
  readonly code: ErrorCode;
  readonly values: fc.Arbitrary<unknown>;
  readonly encode: (value: unknown) => Uint8Array;
  readonly decode: (input: Uint8Array) => unknown;
}

export function codec<T>(
  name: string,
  code: ErrorCode,
  values: fc.Arbitrary<T>,
  [encode, decode]: readonly [(value: T) => Uint8Array, (input: Uint8Array) => unknown],
): Codec {
  return { name, code, values, encode: (value) => encode(value as T), decode };
}

export const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });
export const exactly = (length: number) => bytes(length, length);
export const u16 = fc.nat(0xffff);
export const u32 = fc.nat(0xffff_ffff);
export const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn);
export const index = fc.nat(Number.MAX_SAFE_INTEGER);

/** A list that is there: an empty one is given back as absent. */
export const some = <T>(items: fc.Arbitrary<T>) => fc.array(items, { minLength: 1, maxLength: 3 });

export const readRange = fc.record({ from: bytes(8), to: bytes(8) }, { requiredKeys: ['from'] });
const expectation = fc.oneof(
  fc.constant({ kind: 'absent' as const }),
  fc.constant({ kind: 'exists' as const }),
  fc.record({ kind: fc.constant('value' as const), value: bytes(20) }),
  fc.record({ kind: fc.constant('version' as const), ts: u64 }),
);
export const conditions = fc.array(fc.record({ key: bytes(8), expect: expectation }), { maxLength: 3 });
export const remove = fc.record({ op: fc.constant('delete' as const), key: bytes(8) });

/** Their results are windows into the source, by contract. */
const WINDOWS = new Set(['command payload', 'requests', 'responses', 'Raft frames', 'snapshot chunk']);
/** JSON has many texts for one value; all others have one encoding. */
const MANY_FORMS = new Set(['sidecar']);

/** Valid bytes with something done to them: cut off, extended, or with bytes replaced. */
const damaged = ({ values, encode }: Codec) =>
  fc
    .tuple(values.map(encode), fc.nat(), fc.nat(), fc.nat(255), bytes(4))
    .chain(([valid, at, second, byte, tail]) => {
      const edited = new Uint8Array(valid);
      if (valid.length > 0) edited[at % valid.length] = byte;
      const twice = new Uint8Array(edited);
      if (valid.length > 0) twice[second % valid.length] = 0xff;
      const longer = new Uint8Array([...valid, ...tail]);
      return fc.constantFrom(valid.slice(0, at % (valid.length + 1)), edited, twice, longer);
    });

/** The tests every decoder passes, whatever it decodes. */
export function judgeCodecs(codecs: readonly Codec[]): void {
  describe.each(codecs)('$name', (subject) => {
    const { name, code, values, encode, decode } = subject;

    test('decoding gives back what was encoded, also after the source is overwritten', () => {
      fc.assert(
        fc.property(values, (value) => {
          const source = encode(value);
          const decoded = decode(source);
          if (!WINDOWS.has(name)) source.fill(0xa5);
          expect(decoded).toEqual(value);
        }),
        { numRuns: 150 },
      );
    });

    test('a buffer of the platform, whose slices share memory, is decoded like other bytes', () => {
      fc.assert(
        fc.property(values, (value) => {
          const pooled = Buffer.concat([Buffer.of(0xa5), encode(value), Buffer.of(0xa5)]);
          const decoded = decode(pooled.subarray(1, -1));
          if (!WINDOWS.has(name)) pooled.fill(0xa5);
          expect(decoded).toEqual(value);
        }),
        { numRuns: 50 },
      );
    });

    test('foreign bytes either mean something exactly or are refused with the one code', () => {
      fc.assert(
        fc.property(fc.oneof(damaged(subject), bytes(80)), (input) => {
          let value: unknown;
          try {
            value = decode(input);
          } catch (error) {
            if (isCaissonError(error, code)) return;
            throw error;
          }
          const again = encode(value);
          expect(MANY_FORMS.has(name) ? decode(again) : again).toEqual(MANY_FORMS.has(name) ? value : input);
        }),
        { numRuns: 500 },
      );
    });
  });
}
