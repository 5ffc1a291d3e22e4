export { compliance } from './compliance.js';
export { compressorSnappy, compressorSnappy as plugin } from './plugin.js';
export { SnappyCompressor } from './snappy-compressor.js';
