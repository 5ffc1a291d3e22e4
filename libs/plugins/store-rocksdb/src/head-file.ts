import { damage, diskFault, makeDirectories, syncEntries } from '@caisson/disk';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** The last batch that was acknowledged as synced. */
export interface Head {
  readonly sequence: number;
  readonly digest: number;
}

const MAGIC = Buffer.from('CAISHED1', 'latin1');
const BYTES = 24;

/**
 * `magic 8 ‖ sequence u64 ‖ digest u32 ‖ crc32 u32` in a file of its own, outside of what it speaks about.
 *
 * Overwritten in place and never synced after its creation: it may lag behind after a loss of power, and
 * never runs ahead of what is durable. It fits one sector, so that it is never torn.
 */
export class HeadFile {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #record = Buffer.alloc(BYTES);

  private constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    MAGIC.copy(this.#record);
  }

  /** `CORRUPTION` when it is missing or damaged. */
  static open(path: string): { readonly file: HeadFile; readonly head: Head } {
    return onDisk('open', path, () => {
      const file = new HeadFile(path, openSync(path, constants.O_RDWR));
      try {
        return { file, head: file.#read() };
      } catch (error) {
        file.close();
        throw error;
      }
    });
  }

  /**
   * Sees to it that a store about to be created has a head; durable, with the way to it, when it returns.
   * One that is there already stays: it may promise batches of a database that has gone.
   */
  static prepare(path: string, head: Head): void {
    onDisk('create', path, () => {
      const changed = makeDirectories(dirname(path));
      const file = new HeadFile(path, openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
      try {
        // An empty file is what a crash between creating and writing it left.
        if (fstatSync(file.#descriptor).size > 0) return;
        file.write(head);
        fsyncSync(file.#descriptor);
      } finally {
        file.close();
      }
      for (const directory of [dirname(path), ...changed]) syncEntries(directory);
    });
  }

  write(head: Head): void {
    onDisk('write', this.#path, () => {
      const record = this.#record;
      record.writeBigUInt64BE(BigInt(head.sequence), 8);
      record.writeUInt32BE(head.digest, 16);
      record.writeUInt32BE(crc32(record.subarray(0, 20)), 20);
      writeSync(this.#descriptor, record, 0, BYTES, 0);
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(): Head {
    const record = Buffer.alloc(BYTES + 1);
    const length = readSync(this.#descriptor, record, 0, BYTES + 1, 0);
    if (length !== BYTES || !record.subarray(0, 8).equals(MAGIC))
      throw damage(this.#path, 'is not a head file');
    if (record.readUInt32BE(20) !== crc32(record.subarray(0, 20)))
      throw damage(this.#path, 'fails its checksum');
    return { sequence: Number(record.readBigUInt64BE(8)), digest: record.readUInt32BE(16) };
  }
}

function onDisk<T>(operation: string, path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'CORRUPTION') throw error;
    if (code === 'ENOENT' && operation === 'open') throw damage(path, 'is missing beside a database');
    throw diskFault(error, { operation, path });
  }
}
