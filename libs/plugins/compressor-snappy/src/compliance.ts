import { SnappyCompressor } from './snappy-compressor.js';

/** What `caisson plugin verify` runs the compressor kit over. */
export const compliance = {
  kits: [{ kit: 'compressor' as const, harness: () => ({ compressor: new SnappyCompressor() }) }],
} as const;
