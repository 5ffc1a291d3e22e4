/** How much may be sealed, in bytes of plaintext rounded up to blocks. */
export interface UsageLimits {
  /** Under one salt in one process: at nine tenths of it another salt is drawn. */
  readonly salt: number;
  /** Under one DEK by the whole cluster: another one takes over. */
  readonly soft: number;
  /** Under one DEK by the whole cluster: users' writes are refused until another one has taken over. */
  readonly hard: number;
}

export const BLOCK_BYTES = 16;
const GIB = 2 ** 30;
/** A node claims so much in advance: what a killed process left of it is all that is counted too much. */
const CLAIMS_PER_LIMIT = 1024;

/**
 * With random nonces the bound would be 2^32 messages; nonces here are counted, so what is left is that
 * ciphertext blocks of one key begin to tell each other apart, with the square of their number. 64 GiB under
 * one derived key and 8 TiB under one DEK both stay below 2^-50.
 */
export const USAGE_LIMITS: UsageLimits = Object.freeze({ salt: 64 * GIB, soft: 256 * GIB, hard: 8192 * GIB });

/** Each message takes one block more than its bytes: the one that hides its tag. */
export function blocksOf(bytes: number): number {
  return 1 + Math.ceil(bytes / BLOCK_BYTES);
}

export function claimBlocks({ soft }: UsageLimits): number {
  return Math.max(1, Math.floor(soft / BLOCK_BYTES / CLAIMS_PER_LIMIT));
}
