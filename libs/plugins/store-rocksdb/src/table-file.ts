import { crc32c } from '@caisson/base';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Checks every block of a table file of the pinned RocksDB against its checksum, and that blocks and footer
 * leave no byte of the file out. The binding does not: its iterators skip checksums, so a flipped bit in a
 * block would change what a scan reads, or end the process in an assertion.
 */
const FOOTER_BYTES = 53;
/** Type of compression u8 and masked CRC-32C u32 le, behind every block. */
const TRAILER_BYTES = 5;
const CHECKSUM_CRC32C = 1;
const FORMAT_VERSION = 4;
const MAGIC = Buffer.from('f7cff485b741e288', 'hex');
const WINDOW_BYTES = 1024 * 1024;

/** The problem of a file that lacks its last bytes: it may be damaged, or never have been finished. */
export const UNFINISHED = 'has no footer';

interface Block {
  readonly offset: number;
  readonly size: number;
}

/**
 * What is wrong with a table file; `undefined` for an intact one. Failures of the disk itself are thrown.
 */
export async function tableProblem(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await checkTable(new WindowedFile(file, size));
  } catch (error) {
    if (error instanceof BadTable) return error.message;
    throw error;
  } finally {
    await file.close();
  }
}

class BadTable extends Error {}

async function checkTable(file: WindowedFile): Promise<undefined> {
  if (file.size < FOOTER_BYTES) throw new BadTable(UNFINISHED);
  const footer = new Reading(await file.bytes(file.size - FOOTER_BYTES, FOOTER_BYTES));
  if (!footer.ends(MAGIC)) throw new BadTable(UNFINISHED);
  if (footer.byte() !== CHECKSUM_CRC32C || footer.formatVersion() !== FORMAT_VERSION)
    throw new BadTable('has a footer of another version');
  const metaIndex = footer.block();
  const index = footer.block();
  const blocks = [metaIndex, index];
  blocks.push(...blocksOfMetaIndex(new Reading(await checkBlock(file, metaIndex))));
  blocks.push(...blocksOfIndex(new Reading(await checkBlock(file, index))));
  blocks.sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const block of blocks) {
    if (block.offset !== end) throw new BadTable(`has a gap at byte ${end}`);
    await checkBlock(file, block);
    end += block.size + TRAILER_BYTES;
  }
  if (end !== file.size - FOOTER_BYTES) throw new BadTable(`has a gap at byte ${end}`);
  return undefined;
}

async function checkBlock(file: WindowedFile, { offset, size }: Block): Promise<Buffer> {
  const bytes = await file.bytes(offset, size + TRAILER_BYTES);
  const crc = crc32c(bytes.subarray(0, size + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  if (bytes.readUInt32LE(size + 1) !== masked) throw new BadTable(`fails the checksum at byte ${offset}`);
  return bytes.subarray(0, size);
}

/** Entries `shared ‖ unshared ‖ value length ‖ key ‖ block`: the filter and the properties. */
function blocksOfMetaIndex(entries: Reading): Block[] {
  const blocks: Block[] = [];
  for (const end = entries.endOfEntries(); entries.at < end; ) {
    entries.varint();
    const unshared = entries.varint();
    entries.varint();
    entries.skip(unshared);
    blocks.push(entries.block());
  }
  return blocks;
}

/** Entries `shared ‖ unshared ‖ key ‖ block`, each of them a restart point, so that nothing is shared. */
function blocksOfIndex(entries: Reading): Block[] {
  const blocks: Block[] = [];
  for (const end = entries.endOfEntries(); entries.at < end; ) {
    if (entries.varint() !== 0) throw new BadTable('has an index of another kind');
    entries.skip(entries.varint());
    blocks.push(entries.block());
  }
  return blocks;
}

/** A file that is read mostly forward, a window at a time. */
class WindowedFile {
  readonly size: number;
  readonly #file: FileHandle;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  async bytes(offset: number, length: number): Promise<Buffer> {
    if (offset < 0 || offset + length > this.size) throw new BadTable('is cut short');
    if (offset < this.#start || offset + length > this.#start + this.#window.length) {
      const buffer = Buffer.allocUnsafe(Math.min(Math.max(length, WINDOW_BYTES), this.size - offset));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
      if (bytesRead < length) throw new BadTable('is cut short');
      this.#window = buffer.subarray(0, bytesRead);
      this.#start = offset;
    }
    return this.#window.subarray(offset - this.#start, offset - this.#start + length);
  }
}

class Reading {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  ends(magic: Buffer): boolean {
    return this.#bytes.subarray(-magic.length).equals(magic);
  }

  formatVersion(): number {
    return this.#bytes.readUInt32LE(FOOTER_BYTES - MAGIC.length - 4);
  }

  byte(): number {
    if (this.at >= this.#bytes.length) throw new BadTable('has a block that ends early');
    return this.#bytes[this.at++]!;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (!Number.isSafeInteger(value)) throw new BadTable('has a number that is none');
    return value;
  }

  block(): Block {
    const offset = this.varint();
    return { offset, size: this.varint() };
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /**
   * Where the entries of a block stop: behind them are a u32 le for each restart point, and their number.
   */
  endOfEntries(): number {
    const length = this.#bytes.length;
    const restarts = length < 4 ? 0 : this.#bytes.readUInt32LE(length - 4) & 0x7fff_ffff;
    const end = length - 4 - 4 * restarts;
    if (end < 0) throw new BadTable('has a block without entries');
    return end;
  }
}
