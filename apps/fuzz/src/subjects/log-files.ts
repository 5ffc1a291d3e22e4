import { crc32c } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import {
  type DecodedRecord,
  decodeRecord,
  decodeState,
  encodeRecord,
  encodeState,
  type LogState,
  NEVER_WRITTEN,
} from '@caisson/log-rocksdb';
import { checksumAtEnd, codec, sample, type Subject } from '../subject.js';

const GENERATION = 3;
const INDEX = 9;
const CRC_AT = 14;
const DATA_AT = 18;

/** Of these two the decoder says that they are damaged by saying nothing. */
function required<T>(found: T | undefined): T {
  if (found === undefined) throw new CaissonError('CORRUPTION');
  return found;
}

/** The log on disk. */
export const LOG_FILES: readonly Subject[] = [
  codec<DecodedRecord>({
    name: 'log record',
    code: 'CORRUPTION',
    values: [
      { entry: { index: INDEX, term: 4, kind: 'normal', data: sample(30) }, previous: 5, crc: 0 },
      { entry: { index: INDEX, term: 4, kind: 'confChangeV2', data: sample(0) }, previous: 5, crc: 0 },
    ],
    encode: ({ entry, previous }) => new Uint8Array(encodeRecord(GENERATION, entry, previous).value),
    decode: (input) => required(decodeRecord(GENERATION, INDEX, Buffer.from(input))),
    mend: checksumOfRecord,
    covers: [],
  }),
  codec<LogState>({
    name: 'state of a log',
    code: 'CORRUPTION',
    values: [
      NEVER_WRITTEN,
      {
        ...NEVER_WRITTEN,
        sequence: 8,
        generation: 2,
        last: 40,
        hardState: { term: 4, vote: 7n, commit: 39 },
      },
    ],
    encode: (state) => new Uint8Array(encodeState(state)),
    decode: (input) => required(decodeState(Buffer.from(input))),
    mend: checksumAtEnd,
    covers: [],
  }),
];

/** The checksum covers the key as well, the number in its middle excepted. */
function checksumOfRecord(input: Uint8Array): Uint8Array {
  if (input.length < DATA_AT) return input;
  const entry = { index: INDEX, term: 0, kind: 'normal', data: new Uint8Array(0) } as const;
  const { key } = encodeRecord(GENERATION, entry, 0);
  const mended = new Uint8Array(input);
  const crc = crc32c(input.subarray(DATA_AT), crc32c(input.subarray(0, CRC_AT), crc32c(key)));
  new DataView(mended.buffer).setUint32(CRC_AT, crc);
  return mended;
}
