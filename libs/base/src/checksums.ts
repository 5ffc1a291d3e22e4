/** Checksums against accidents. None of them resists an attacker. */

const CRC32C_POLYNOMIAL = 0x82f63b78;

const CRC32C_TABLE = (() => {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CRC32C_POLYNOMIAL : value >>> 1;
    table[byte] = value >>> 0;
  }
  return table;
})();

/**
 * CRC-32C (Castagnoli), reflected, as in RFC 3720 appendix B.4; an unsigned 32-bit number.
 * Pass the result of the previous part as `seed` to continue over several parts.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (let at = 0; at < bytes.length; at++) crc = CRC32C_TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
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
