export {
  compareBytes,
  concatBytes,
  copyBytes,
  EMPTY_BYTES,
  equalBytes,
  prefixEnd,
  startsWith,
} from './bytes.js';
export { crc32c, fnv1a64 } from './checksums.js';
export { ByteReader, ByteWriter, DecodeFault } from './codec.js';
export { createDeferred, type Deferred } from './deferred.js';
export { invariant, InvariantError } from './invariant.js';
export { fromHex, fromUtf8, toHex, toUtf8 } from './text.js';
