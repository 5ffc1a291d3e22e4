import { Cipher, CONTRACTS_VERSION, definePlugin, service } from '@caisson/contracts';
import { AesGcmCipher } from './aes-gcm-cipher.js';

export const cipherAesGcm = definePlugin({
  id: 'cipher-aes-gcm',
  contracts: CONTRACTS_VERSION,
  services: () => [service({ provides: Cipher, create: () => new AesGcmCipher() })],
});
