export { AesGcmCipher } from './aes-gcm-cipher.js';
export { compliance } from './compliance.js';
export { cipherAesGcm, cipherAesGcm as plugin } from './plugin.js';
