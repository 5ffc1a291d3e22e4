import { fromHex } from '@caisson/base';
import { cipherKit, describeKit } from '@caisson/compliance';
import { AesGcmCipher } from './aes-gcm-cipher.js';

const vector = {
  source: 'GCM specification, test case 14',
  key: new Uint8Array(32),
  nonce: new Uint8Array(12),
  aad: new Uint8Array(0),
  plaintext: new Uint8Array(16),
  sealed: fromHex('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919')!,
};

describeKit(cipherKit, () => ({ cipher: new AesGcmCipher(), vectors: [vector] }), { describe, it });
