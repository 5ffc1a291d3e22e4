import { toHex } from '@caisson/base';
import type { Disk } from '@caisson/contracts';
import { makeDurably, writeDurably } from './durable-files.js';

const INCOMING = 'incoming';
/**
 * How much is gathered in memory before it is written and synced; as much again may be on its way to disk.
 */
const FILE_BYTES = 8 * 1024 * 1024;
/** A file ends with the piece that makes it so long; pieces have up to 1 MiB. */
const FILE_BYTES_MAX = FILE_BYTES + 16 * 1024 * 1024;
const DIGITS = 10;

interface PieceFile {
  readonly name: string;
  readonly first: number;
  readonly count: number;
}

/**
 * The pieces of one stream, in files of some MiB each. Only whole and synced files count: a crash costs
 * what was gathered since the last one.
 */
export class ReceivedPieces {
  readonly #disk: Disk;
  readonly #incoming: string;
  readonly #directory: string;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #next = 0;
  /** The file before: it is written and synced while the next one is gathered. */
  #writing: Promise<void> = Promise.resolve();

  /** Below `snapshots`, the group's own directory for them. */
  constructor(disk: Disk, snapshots: string, id: Uint8Array) {
    this.#disk = disk;
    this.#incoming = disk.join(snapshots, INCOMING);
    this.#directory = disk.join(this.#incoming, toHex(id));
  }

  /** Number of the piece that is wanted next. */
  get next(): number {
    return this.#next;
  }

  /** Finds what is kept, and drops what belongs to other streams: there is one at a time. */
  async open(): Promise<void> {
    await makeDurably(this.#disk, this.#incoming);
    for (const name of (await this.#disk.list(this.#incoming)) ?? []) {
      const path = this.#disk.join(this.#incoming, name);
      if (path !== this.#directory) await this.#disk.remove(path);
    }
    if ((await this.#disk.status(this.#directory)) === undefined) {
      await this.#disk.makeDirectory(this.#directory);
      await this.#disk.syncDirectory(this.#incoming);
    }
    this.#next = end(await this.#files());
  }

  /** A failure to write what was added before may show here. */
  async add(piece: Uint8Array): Promise<void> {
    this.#gathered.push(piece);
    this.#gatheredBytes += piece.length;
    if (this.#gatheredBytes >= FILE_BYTES) await this.#beginWriting();
  }

  /** What was gathered is kept from now on. */
  async flush(): Promise<void> {
    await this.#beginWriting();
    await this.#writing;
  }

  /** Everything that is kept, in order, one file at a time. */
  async *content(): AsyncGenerator<Uint8Array, void> {
    for (const { name } of await this.#files()) {
      const bytes = await this.#disk.read(this.#disk.join(this.#directory, name), FILE_BYTES_MAX);
      if (bytes !== undefined) yield bytes;
    }
  }

  /** One file at a time, so that those there are have no gap. */
  async #beginWriting(): Promise<void> {
    await this.#writing;
    const pieces = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (pieces.length === 0) return;
    this.#writing = this.#write(pieces);
    this.#writing.catch(() => undefined);
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    await writeDurably(this.#disk, this.#directory, nameOf(this.#next, pieces.length), pieces);
    this.#next += pieces.length;
  }

  async #files(): Promise<readonly PieceFile[]> {
    const names = (await this.#disk.list(this.#directory)) ?? [];
    const files = names.map(fileOf).filter((file) => file !== undefined);
    return unbroken(files.sort((a, b) => a.first - b.first));
  }
}

/** Drops every stream that is kept for the group. */
export function dropPieces(disk: Disk, snapshots: string): Promise<void> {
  return disk.remove(disk.join(snapshots, INCOMING));
}

function nameOf(first: number, count: number): string {
  return `${String(first).padStart(DIGITS, '0')}-${String(count).padStart(DIGITS, '0')}`;
}

/** `undefined` for a temporary file that a crash left. */
function fileOf(name: string): PieceFile | undefined {
  const parts = /^(\d{10,15})-(\d{10,15})$/.exec(name);
  return parts === null ? undefined : { name, first: Number(parts[1]), count: Number(parts[2]) };
}

function unbroken(files: readonly PieceFile[]): readonly PieceFile[] {
  const kept: PieceFile[] = [];
  for (const file of files) {
    if (file.first !== end(kept)) break;
    kept.push(file);
  }
  return kept;
}

function end(files: readonly PieceFile[]): number {
  const last = files.at(-1);
  return last === undefined ? 0 : last.first + last.count;
}
