import { ByteReader, ByteWriter, crc32c, DecodeFault } from '@caisson/base';
import { CaissonError, type Timestamp } from '@caisson/contracts';
import { LIMITS } from '@caisson/formats';

/** Where a scan goes on: behind `lastKey`, at the same moment as before. */
export interface Continuation {
  readonly reverse: boolean;
  readonly ts: Timestamp;
  readonly expiryTs: Timestamp;
  readonly lastKey: Uint8Array;
}

const VERSION = 0x01;

/**
 * `0x01 ‖ reverse u8 ‖ ts u64 ‖ expiry_ts u64 ‖ last key block ‖ crc32c u32`. The checksum is against
 * accidents.
 */
export function encodeContinuation({ reverse, ts, expiryTs, lastKey }: Continuation): Uint8Array {
  const writer = new ByteWriter(26 + lastKey.length).u8(VERSION).u8(reverse ? 1 : 0);
  writer.u64(ts).u64(expiryTs).block(lastKey);
  return writer.u32(crc32c(writer.done())).done();
}

/** `INVALID_ARGUMENT` for anything that is not a token. */
export function decodeContinuation(token: Uint8Array): Continuation {
  try {
    return readContinuation(token);
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    throw invalidContinuation(error.message);
  }
}

export function invalidContinuation(problem: string): CaissonError {
  return new CaissonError('INVALID_ARGUMENT', { field: 'continuation', problem });
}

function readContinuation(token: Uint8Array): Continuation {
  const reader = new ByteReader(token);
  const version = reader.u8('version');
  if (version !== VERSION) throw new DecodeFault('version', `is ${version}`);
  const reverse = reader.u8('reverse');
  if (reverse > 1) throw new DecodeFault('reverse', `is ${reverse}`);
  const ts = reader.u64('ts');
  const expiryTs = reader.u64('expiryTs');
  const lastKey = reader.block(LIMITS.keyBytesMax, 'lastKey');
  const checksum = reader.u32('checksum');
  reader.end();
  if (checksum !== crc32c(token.subarray(0, token.length - 4)))
    throw new DecodeFault('checksum', 'does not match');
  return { reverse: reverse === 1, ts, expiryTs, lastKey };
}
