import { CaissonError } from '@caisson/contracts';

/** Sizes every node and client agrees on, in bytes. */
export const LIMITS = Object.freeze({
  keyBytesMax: 64 * 1024,
  /** What a value may have when the configuration says nothing. */
  valueBytesDefault: 8 * 1024 * 1024,
  /** What a configuration may allow at most: a proposal must fit a message between nodes. */
  valueBytesMax: 64 * 1024 * 1024,
});

/** Refuses a key that is too long. The empty key is a key. */
export function checkKey(key: Uint8Array, field = 'key'): void {
  checkSize(key.length, LIMITS.keyBytesMax, field);
}

export function checkValue(
  value: Uint8Array,
  limit: number = LIMITS.valueBytesDefault,
  field = 'value',
): void {
  checkSize(value.length, limit, field);
}

function checkSize(bytes: number, limit: number, field: string): void {
  if (bytes > limit) throw new CaissonError('INVALID_ARGUMENT', { field, bytes, limit });
}
