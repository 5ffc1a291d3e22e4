/** Byte strings. Everything here treats its arguments as immutable and returns fresh arrays. */

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** Order of unsigned bytes, shorter prefix first: the order of every store. Negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = a.length < b.length ? a.length : b.length;
  for (let at = 0; at < shared; at++) {
    const difference = a[at]! - b[at]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Not constant-time: never compare secrets or authentication tags with it (see `Hashes.equal`). */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A copy that shares no memory with `bytes`, even when `bytes` is a view into a pool. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) if (bytes[at] !== prefix[at]) return false;
  return true;
}

/**
 * The first byte string above everything that starts with `prefix`, or `undefined` when there is none
 * (an empty prefix, or one of 0xff bytes alone). Makes a prefix into a half-open range.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    if (prefix[last] === 0xff) continue;
    // Not `slice`: on a Buffer it would share memory, and the prefix itself would change.
    const end = copyBytes(prefix.subarray(0, last + 1));
    end[last]! += 1;
    return end;
  }
  return undefined;
}
