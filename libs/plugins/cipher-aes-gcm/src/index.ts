export { AesGcmCipher } from './aes-gcm-cipher.js';
export { cipherAesGcm, cipherAesGcm as plugin } from './plugin.js';
