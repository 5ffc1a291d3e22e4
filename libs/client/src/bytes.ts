import { fromUtf8, toUtf8 } from '@caisson/base';

/** Keys and values are bytes; text is taken as its UTF-8. */
export type Bytes = Uint8Array | string;

export function toBytes(value: Bytes): Uint8Array {
  return typeof value === 'string' ? toUtf8(value) : value;
}

/** The text of UTF-8 bytes; `undefined` when they are none. */
export function toText(bytes: Uint8Array): string | undefined {
  return fromUtf8(bytes);
}
