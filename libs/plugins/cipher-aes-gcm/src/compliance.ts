import { AesGcmCipher } from './aes-gcm-cipher.js';

/** What `caisson plugin verify` runs the cipher kit over. */
export const compliance = {
  kits: [{ kit: 'cipher' as const, harness: () => ({ cipher: new AesGcmCipher() }) }],
} as const;
