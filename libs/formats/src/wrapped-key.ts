import { type ByteReader, type ByteWriter, DecodeFault, invariant } from '@caisson/base';
import { fits, fitsBytes } from './decoding.js';
import {
  CHECK_BYTES,
  type KeyPurpose,
  ORIGIN_ID_BYTES,
  PURPOSE_CODE,
  WRAPPED_DEK_LIMITS,
} from './wrapped-dek.js';

/** A DEK as entries carry it. */
export interface WrappedKey {
  readonly keyId: number;
  readonly purpose: KeyPurpose;
  /** Cluster under which the DEK was made; part of its wrap context for ever. */
  readonly originId: Uint8Array;
  /** Check value of the DEK (8 bytes). */
  readonly check: Uint8Array;
  /** Wrapped-DEK container; empty where an entry only names a key. */
  readonly container: Uint8Array;
}

/** Bytes of a key with an empty container. */
export const WRAPPED_KEY_BYTES_MIN = 4 + 1 + ORIGIN_ID_BYTES + CHECK_BYTES + 4;

/** `key_id u32 ‖ purpose u8 ‖ origin_id 16 ‖ check 8 ‖ len u32 ‖ container`. */
export function writeWrappedKey(writer: ByteWriter, key: WrappedKey): void {
  invariant('FMT-1', key.container.length <= WRAPPED_DEK_LIMITS.containerMax, 'wrapped DEK container');
  writer
    .u32(fits(key.keyId, 32, 'keyId'))
    .u8(PURPOSE_CODE[key.purpose])
    .bytes(fitsBytes(key.originId, ORIGIN_ID_BYTES, 'originId'))
    .bytes(fitsBytes(key.check, CHECK_BYTES, 'check'))
    .block(key.container);
}

/** The container is bounded here and taken apart where it is unwrapped. */
export function readWrappedKey(reader: ByteReader): WrappedKey {
  return {
    keyId: reader.u32('keyId'),
    purpose: readPurpose(reader),
    originId: reader.bytes(ORIGIN_ID_BYTES, 'originId'),
    check: reader.bytes(CHECK_BYTES, 'check'),
    container: reader.block(WRAPPED_DEK_LIMITS.containerMax, 'container'),
  };
}

export function readPurpose(reader: ByteReader): KeyPurpose {
  const code = reader.u8('purpose');
  if (code === PURPOSE_CODE.storage) return 'storage';
  if (code === PURPOSE_CODE.raft) return 'raft';
  throw new DecodeFault('purpose', `is ${code}`);
}
