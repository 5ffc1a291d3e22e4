import { Compressor, CONTRACTS_VERSION, definePlugin, service } from '@caisson/contracts';
import { SnappyCompressor } from './snappy-compressor.js';

export const compressorSnappy = definePlugin({
  id: 'compressor-snappy',
  contracts: CONTRACTS_VERSION,
  services: () => [service({ provides: Compressor, create: () => new SnappyCompressor() })],
});
