import type { PreparedKey } from '@caisson/contracts';

interface Sealed {
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

/** Seals with `room` bytes in front that the caller fills, by whichever way the suite knows. */
export function sealBehind(
  key: PreparedKey,
  room: number,
  { nonce, aad }: Sealed,
  plaintext: Uint8Array,
): Uint8Array {
  return key.sealBehind?.(room, nonce, aad, plaintext) ?? behind(room, key.seal(nonce, aad, plaintext));
}

/** Opens with such room in front of the plaintext; `undefined` where it does not authenticate. */
export function openBehind(
  key: PreparedKey,
  room: number,
  { nonce, aad }: Sealed,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (room > 0 && key.openBehind !== undefined) return key.openBehind(room, nonce, aad, sealed);
  const plaintext = key.open(nonce, aad, sealed);
  return plaintext === undefined || room === 0 ? plaintext : behind(room, plaintext);
}

/** The same bytes, with room in front. */
export function behind(room: number, bytes: Uint8Array): Uint8Array {
  const joined = new Uint8Array(room + bytes.length);
  joined.set(bytes, room);
  return joined;
}
