import { type ByteReader, invariant } from '@caisson/base';
import { decodeAll, fits, fitsIndex } from './decoding.js';

/** An encoded Raft message on its way to a peer, and the group it is of. */
export interface RaftFrame {
  readonly group: number;
  readonly frame: Uint8Array;
}

const HEADER_BYTES = 12;

/** What a frame takes inside a batch. */
export function raftFrameBytes(frame: Uint8Array): number {
  return HEADER_BYTES + frame.length;
}

/** Packs frames into one batch, at least one: `count × (group index ‖ block(frame))`. */
export function encodeRaftFrames(frames: readonly RaftFrame[]): Uint8Array {
  let bytes = 0;
  for (const { frame } of frames) bytes += raftFrameBytes(frame);
  invariant('FMT-1', frames.length > 0, 'a batch of frames');
  const batch = new Uint8Array(bytes);
  const view = new DataView(batch.buffer);
  let at = 0;
  for (const { group, frame } of frames) {
    view.setUint32(at, Math.floor(fitsIndex(group, 'group') / 0x1_0000_0000));
    view.setUint32(at + 4, group >>> 0);
    view.setUint32(at + 8, fits(frame.length, 32, 'frame'));
    batch.set(frame, at + HEADER_BYTES);
    at += HEADER_BYTES + frame.length;
  }
  return batch;
}

/** The frames of a batch, in order, as windows into it: whoever owns the batch owns them. */
export function decodeRaftFrames(batch: Uint8Array): readonly RaftFrame[] {
  return decodeAll('MESSAGE_MALFORMED', batch, readFrames);
}

function readFrames(reader: ByteReader): readonly RaftFrame[] {
  const frames: RaftFrame[] = [];
  do {
    const group = reader.index('group');
    frames.push({ group, frame: reader.view(reader.u32('length'), 'frame') });
  } while (reader.remaining > 0);
  return frames;
}
