import { decodeAll, fits, fits64 } from './decoding.js';

export const NONCE_BYTES = 12;

export interface NonceParts {
  readonly nodeId16: number;
  readonly epoch: number;
  /** Counts from 1 within one process and key. */
  readonly count: bigint;
}

/** `node_id16 u16 ‖ epoch u16 ‖ count u64`. Unique per key as long as no node repeats an epoch. */
export function encodeNonce({ nodeId16, epoch, count }: NonceParts): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  view.setUint16(0, fits(nodeId16, 16, 'nodeId16'));
  view.setUint16(2, fits(epoch, 16, 'epoch'));
  view.setBigUint64(4, fits64(count, 'count'));
  return nonce;
}

export function decodeNonce(bytes: Uint8Array): NonceParts {
  return decodeAll('ENVELOPE_MALFORMED', bytes, (reader) => ({
    nodeId16: reader.u16('nonce.nodeId16'),
    epoch: reader.u16('nonce.epoch'),
    count: reader.u64('nonce.count'),
  }));
}
