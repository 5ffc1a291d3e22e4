import { ByteWriter, crc32c, DecodeFault, equalBytes, toUtf8 } from '@caisson/base';
import { decodeAll, fits64, fitsIndex } from './decoding.js';

/** What must still happen once it is decided that a snapshot replaces everything. Belongs to one node. */
export interface InstallIntent {
  /** Where the log starts afterwards: the entry the snapshot ends with. */
  readonly index: number;
  readonly term: number;
  /** The promises of the node, which a snapshot must not make it forget. */
  readonly currentTerm: number;
  readonly vote: bigint;
}

const MAGIC = toUtf8('CAISINS1');
const CHECKED_BYTES = 40;
export const INSTALL_INTENT_BYTES = CHECKED_BYTES + 4;

/** `"CAISINS1" ‖ index index ‖ term index ‖ current_term index ‖ vote u64 ‖ crc32c u32` of what is before. */
export function encodeInstallIntent(intent: InstallIntent): Uint8Array {
  const writer = new ByteWriter(INSTALL_INTENT_BYTES)
    .bytes(MAGIC)
    .index(fitsIndex(intent.index, 'index'))
    .index(fitsIndex(intent.term, 'term'))
    .index(fitsIndex(intent.currentTerm, 'currentTerm'))
    .u64(fits64(intent.vote, 'vote'));
  return writer.u32(crc32c(writer.done())).done();
}

export function decodeInstallIntent(bytes: Uint8Array): InstallIntent {
  return decodeAll('CORRUPTION', bytes, (reader) => {
    const magic = reader.view(MAGIC.length, 'magic');
    if (!equalBytes(magic, MAGIC)) throw new DecodeFault('magic', 'is of no intent');
    const intent = {
      index: reader.index('index'),
      term: reader.index('term'),
      currentTerm: reader.index('currentTerm'),
      vote: reader.u64('vote'),
    };
    const checksum = reader.u32('checksum');
    if (checksum !== crc32c(bytes.subarray(0, CHECKED_BYTES))) throw new DecodeFault('checksum', 'fails');
    return intent;
  });
}
