import { crc32 } from 'node:zlib';
import { MARKER_PREFIX } from './hidden-rows.js';

/** What the marker row of one batch says. See docs/formats/store-integrity.md. */
export interface Marker {
  readonly sequence: number;
  /** The oldest marker that is still there once this batch is applied. */
  readonly floor: number;
  /** Digest of the batch before. */
  readonly previous: number;
  readonly digest: number;
}

const VALUE_BYTES = 16;

export function markerKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(MARKER_PREFIX.length + 8);
  MARKER_PREFIX.copy(key);
  writeIndex(key, sequence, MARKER_PREFIX.length);
  return key;
}

/** `floor u64 ‖ previous u32 ‖ digest u32`. */
export function markerValue(marker: Marker): Buffer {
  const value = Buffer.allocUnsafe(VALUE_BYTES);
  writeIndex(value, marker.floor, 0);
  value.writeUInt32BE(marker.previous, 8);
  value.writeUInt32BE(marker.digest, 12);
  return value;
}

/** `undefined` for a row that is no marker. */
export function decodeMarker(key: Buffer, value: Buffer): Marker | undefined {
  if (key.length !== MARKER_PREFIX.length + 8 || value.length !== VALUE_BYTES) return undefined;
  return {
    sequence: readIndex(key, MARKER_PREFIX.length),
    floor: readIndex(value, 0),
    previous: value.readUInt32BE(8),
    digest: value.readUInt32BE(12),
  };
}

/** The value of the row that says how far the store reached when it was opened. */
export function openedValue(sequence: number): Buffer {
  const value = Buffer.allocUnsafe(8);
  writeIndex(value, sequence, 0);
  return value;
}

const PIECE_MAX = 512;
const GATHERED_MAX = 2048;

/** What a batch contributes to its digest, gathered while it is built. */
export class BatchDigest {
  #crc = 0;
  #operations = 0;
  #bytes = 0;
  /** Small pieces wait here, because one checksum over many of them costs far less than one over each. */
  #gathered: Buffer | undefined;
  #gatheredBytes = 0;

  get operations(): number {
    return this.#operations;
  }

  add(key: Uint8Array, value: Uint8Array | undefined): void {
    this.#operations++;
    this.#bytes += key.length;
    this.#append(key);
    if (value === undefined) return;
    this.#bytes += value.length + 1;
    this.#append(value);
  }

  /** CRC-32 over the operations, then over `sequence u64 ‖ operations u32 ‖ bytes u64 ‖ previous u32`. */
  chained(sequence: number, previous: number): number {
    this.#settle();
    const tail = Buffer.allocUnsafe(24);
    writeIndex(tail, sequence, 0);
    tail.writeUInt32BE(this.#operations, 8);
    writeIndex(tail, this.#bytes, 12);
    tail.writeUInt32BE(previous, 20);
    return crc32(tail, this.#crc);
  }

  #append(piece: Uint8Array): void {
    const isSmall = piece.length <= PIECE_MAX;
    if (!isSmall || this.#gatheredBytes + piece.length > GATHERED_MAX) this.#settle();
    if (!isSmall) {
      this.#crc = crc32(piece, this.#crc);
      return;
    }
    this.#gathered ??= Buffer.allocUnsafe(GATHERED_MAX);
    this.#gathered.set(piece, this.#gatheredBytes);
    this.#gatheredBytes += piece.length;
  }

  #settle(): void {
    if (this.#gathered === undefined || this.#gatheredBytes === 0) return;
    this.#crc = crc32(this.#gathered.subarray(0, this.#gatheredBytes), this.#crc);
    this.#gatheredBytes = 0;
  }
}

function writeIndex(into: Buffer, value: number, at: number): void {
  into.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  into.writeUInt32BE(value >>> 0, at + 4);
}

export function readIndex(from: Buffer, at: number): number {
  return from.readUInt32BE(at) * 0x1_0000_0000 + from.readUInt32BE(at + 4);
}
