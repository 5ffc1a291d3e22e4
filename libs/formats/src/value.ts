import { CaissonError } from '@caisson/contracts';
import { fits64, malformed } from './decoding.js';

export const VALUE_HEADER_BYTES = 9;

const TOMBSTONE_BIT = 0x01;
const STATE_MASK = 0x06;
const STATE_SEALED = 0x02;
const UNDEFINED_BITS = 0xf8;

/** What stands before every stored value. Public, but covered by the additional data of a sealed body. */
export interface ValueHeader {
  readonly tombstone: boolean;
  /** Whether the body is the value itself or a storage envelope. Never guessed from the body. */
  readonly state: 'clear' | 'sealed';
  /** HLC timestamp from which on the value counts as absent; 0 = never. */
  readonly expireAt: bigint;
}

export interface StoredValue {
  readonly header: ValueHeader;
  /** The 9 bytes as stored, for the additional data. */
  readonly headerBytes: Uint8Array;
  readonly body: Uint8Array;
}

/** The whole stored value of a delete, until sealed mode. Shared: do not write into it. */
export const TOMBSTONE: Uint8Array = encodeHeader({ tombstone: true, state: 'clear', expireAt: 0n });

/** `bits u8 ‖ expire_at u64 little endian`. */
export function encodeHeader({ tombstone, state, expireAt }: ValueHeader): Uint8Array {
  const bytes = new Uint8Array(VALUE_HEADER_BYTES);
  bytes[0] = (tombstone ? TOMBSTONE_BIT : 0) | (state === 'sealed' ? STATE_SEALED : 0);
  if (expireAt !== 0n) new DataView(bytes.buffer).setBigUint64(1, fits64(expireAt, 'expireAt'), true);
  return bytes;
}

/**
 * Reads the header of a stored value; what follows it is not looked at.
 *
 * Bits no version defines are `ENCRYPTED_VALUE_RESERVED_STATE`; a header that is cut off is
 * `ENCRYPTED_READ_INTEGRITY`, because damage must never look like absence.
 */
export function decodeHeader(stored: Uint8Array): ValueHeader {
  if (stored.length < VALUE_HEADER_BYTES) {
    throw malformed('ENCRYPTED_READ_INTEGRITY', 'header', 'is cut off');
  }
  const bits = stored[0]!;
  const state = bits & STATE_MASK;
  if ((bits & UNDEFINED_BITS) !== 0 || (state !== 0 && state !== STATE_SEALED)) {
    throw new CaissonError('ENCRYPTED_VALUE_RESERVED_STATE', { bits });
  }
  return {
    tombstone: (bits & TOMBSTONE_BIT) !== 0,
    state: state === STATE_SEALED ? 'sealed' : 'clear',
    expireAt: readExpireAt(stored),
  };
}

/**
 * Header and body of a stored value, as windows into `stored`: they live as long as it does.
 *
 * A clear tombstone is exactly `TOMBSTONE`; one with an expiry or a body is an edited value.
 */
export function splitValue(stored: Uint8Array): StoredValue {
  const header = decodeHeader(stored);
  const body = stored.subarray(VALUE_HEADER_BYTES);
  if (header.tombstone && header.state === 'clear' && (body.length > 0 || header.expireAt !== 0n)) {
    throw malformed('ENCRYPTED_READ_INTEGRITY', 'tombstone', 'carries a body or an expiry');
  }
  return { header, headerBytes: stored.subarray(0, VALUE_HEADER_BYTES), body };
}

function readExpireAt(stored: Uint8Array): bigint {
  const view = new DataView(stored.buffer, stored.byteOffset, VALUE_HEADER_BYTES);
  const low = view.getUint32(1, true);
  const high = view.getUint32(5, true);
  return low === 0 && high === 0 ? 0n : view.getBigUint64(1, true);
}
