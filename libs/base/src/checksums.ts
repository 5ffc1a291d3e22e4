/** Checksums against accidents. None of them resists an attacker. */

const CRC32C_POLYNOMIAL = 0x82f63b78;

const SLICES = 8;

/**
 * Slice `n`, at `256 * n`, says what a byte does to the sum when `n` more bytes follow it, so that the sums
 * of eight bytes need not wait for each other.
 */
const CRC32C_SLICES = (() => {
  const slices = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CRC32C_POLYNOMIAL : value >>> 1;
    slices[byte] = value;
  }
  for (let at = 256; at < slices.length; at++) {
    const before = slices[at - 256]!;
    slices[at] = slices[before & 0xff]! ^ (before >>> 8);
  }
  return slices;
})();

/**
 * CRC-32C (Castagnoli), reflected, as in RFC 3720 appendix B.4; an unsigned 32-bit number.
 * Pass the result of the previous part as `seed` to continue over several parts.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const slices = CRC32C_SLICES;
  const { length } = bytes;
  let crc = ~seed;
  let at = 0;
  for (const end = length - SLICES; at <= end; at += SLICES) {
    crc =
      slices[0x700 | ((crc ^ bytes[at]!) & 0xff)]! ^
      slices[0x600 | (((crc >>> 8) ^ bytes[at + 1]!) & 0xff)]! ^
      slices[0x500 | (((crc >>> 16) ^ bytes[at + 2]!) & 0xff)]! ^
      slices[0x400 | ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      slices[0x300 | bytes[at + 4]!]! ^
      slices[0x200 | bytes[at + 5]!]! ^
      slices[0x100 | bytes[at + 6]!]! ^
      slices[bytes[at + 7]!]!;
  }
  for (; at < length; at++) crc = slices[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const FNV_OFFSET_BASIS = 14695981039346656037n;
const FNV_PRIME = 1099511628211n;
const U64_MASK = 0xffff_ffff_ffff_ffffn;

/** FNV-1a, 64 bits. Slow (bigint): meant for names, not for data. */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = FNV_OFFSET_BASIS;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & U64_MASK;
  return hash;
}
