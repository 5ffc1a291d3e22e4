import { crc32c } from '@caisson/base';
import { damage, diskFault } from '@caisson/disk';
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

const FOOTER_BYTES = 53;
const MAGIC = Buffer.from('f7cff485b741e288', 'hex');
const CRC32C = 1;
const TRAILER_BYTES = 5;
const MASK_DELTA = 0xa282ead8;

/**
 * Verifies those blocks of the table files that RocksDB reads without looking at their checksums: the
 * directory of a table and the properties it names. Damage there does not make it fail, it ends the
 * process.
 *
 * A file without a whole footer is left to RocksDB: it may be one that was being written at a loss of
 * power.
 */
export function verifyTableFiles(database: string): void {
  for (const name of tableFiles(database)) {
    const path = join(database, name);
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, 'r');
      verifyTable(descriptor, path);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === 'CORRUPTION') throw error;
      if (code !== 'ENOENT') throw diskFault(error, { operation: 'read', path });
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
}

function tableFiles(database: string): string[] {
  try {
    return readdirSync(database).filter((name) => name.endsWith('.sst'));
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw diskFault(error, { operation: 'list', path: database });
  }
}

function verifyTable(descriptor: number, path: string): void {
  const { size } = fstatSync(descriptor);
  const footer = bytesAt(descriptor, Math.max(0, size - FOOTER_BYTES), FOOTER_BYTES);
  if (footer?.[0] !== CRC32C || !footer.subarray(-MAGIC.length).equals(MAGIC)) return;
  const directory = blockAt(descriptor, handleAt(new Varints(footer, 1)));
  const handles = directory && handlesOf(directory);
  if (!handles?.every((handle) => blockAt(descriptor, handle) !== undefined)) {
    throw damage(path, 'the directory of the table or a block that it names fails its checksum');
  }
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** The content of a block; `undefined` unless it is intact. */
function blockAt(descriptor: number, { offset, size }: Handle): Buffer | undefined {
  if (!(offset + size < fstatSync(descriptor).size)) return undefined;
  const block = bytesAt(descriptor, offset, size + TRAILER_BYTES);
  if (block === undefined) return undefined;
  const crc = crc32c(block.subarray(0, size + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  return block.readUInt32LE(size + 1) === masked ? block.subarray(0, size) : undefined;
}

/** What the entries of a directory point to. The restart points behind them are not needed to read it. */
function handlesOf(directory: Buffer): Handle[] {
  const handles: Handle[] = [];
  const restarts = directory.readUInt32LE(directory.length - 4);
  const entries = new Varints(directory.subarray(0, directory.length - 4 - 4 * restarts), 0);
  while (!entries.isAtEnd) {
    entries.next();
    const keyBytes = entries.next();
    const valueBytes = entries.next();
    const value = entries.take(keyBytes + valueBytes).subarray(keyBytes);
    handles.push(handleAt(new Varints(value, 0)));
  }
  return handles;
}

function handleAt(varints: Varints): Handle {
  return { offset: varints.next(), size: varints.next() };
}

class Varints {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Seven bits a byte, lowest first. Past the end, not a number. */
  next(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++] ?? NaN;
      value += (byte & 0x7f) * scale;
      if (!(byte >= 0x80)) return Number.isNaN(byte) ? NaN : value;
    }
  }

  take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}

function bytesAt(descriptor: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(descriptor, bytes, 0, length, position) === length ? bytes : undefined;
}
