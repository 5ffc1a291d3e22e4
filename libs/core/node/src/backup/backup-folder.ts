import { equalBytes } from '@caisson/base';
import { type BackupPart, CaissonError, type Disk, type ErrorDetails, type Hashes } from '@caisson/contracts';
import {
  BACKUP_MANIFEST_BYTES_MAX,
  BACKUP_PIECE_BYTES,
  type BackupGroup,
  type BackupManifest,
  decodeBackupManifest,
} from '@caisson/formats';
import { writeDurably } from '../snapshots/durable-files.js';
import { digestRoot, pieceDigest } from './digest-tree.js';

const MANIFEST = 'manifest';
const GROUPS = 'groups';
const DIGITS = 10;

/**
 * The folder of a backup. Each piece is a file, whole and durable before it has its name; the manifest is the
 * last, so that a folder whose backup broke off is none.
 */
export class BackupFolder {
  readonly #disk: Disk;
  readonly #hashes: Hashes;
  /** Of the pieces that were added. */
  readonly #digests = new Map<string, Uint8Array>();
  readonly path: string;

  constructor(disk: Disk, hashes: Hashes, path: string) {
    this.#disk = disk;
    this.#hashes = hashes;
    this.path = path;
  }

  /** `DIRECTORY_NOT_EMPTY` where something is: a backup never replaces another. */
  async make(): Promise<void> {
    const found = (await this.#disk.list(this.path))?.[0];
    if (found !== undefined) throw new CaissonError('DIRECTORY_NOT_EMPTY', { path: this.path, found });
    await this.#disk.makeDirectory(this.path);
    await this.#disk.syncDirectory(this.#disk.join(this.path, '..'));
  }

  /** Parts as they come, the manifest last; `BACKUP_INVALID` where it is not that of the others. */
  async add(part: BackupPart): Promise<void> {
    const disk = this.#disk;
    if (part.kind === 'manifest') {
      this.#requireAll(decodeBackupManifest(part.bytes));
      return writeDurably(disk, this.path, MANIFEST, [part.bytes]);
    }
    const folder = this.#group(part.group);
    this.#digests.set(`${part.group}/${part.number}`, pieceDigest(this.#hashes, part.bytes));
    if (part.number === 0) {
      await disk.makeDirectory(folder);
      await disk.syncDirectory(disk.join(this.path, GROUPS));
      await disk.syncDirectory(this.path);
    }
    await writeDurably(disk, folder, pieceName(part.number), [part.bytes]);
  }

  /** `BACKUP_INVALID` where there is none, or where its tree has another root than it says. */
  async manifest(): Promise<BackupManifest> {
    const bytes = await this.#disk.read(this.#disk.join(this.path, MANIFEST), BACKUP_MANIFEST_BYTES_MAX);
    if (bytes === undefined) throw invalid({ path: this.path, field: 'manifest', problem: 'is missing' });
    const manifest = decodeBackupManifest(bytes);
    for (const { group, digests, root } of manifest.groups) {
      if (!equalBytes(digestRoot(this.#hashes, digests), root)) {
        throw invalid({ group, field: 'root', problem: 'is not that of the digests' });
      }
    }
    return manifest;
  }

  /** The stream of a group, each piece compared with its digest before it is handed out. */
  async *pieces({ group, digests }: BackupGroup): AsyncGenerator<Uint8Array, void> {
    for (const [piece, digest] of digests.entries()) {
      const path = this.#disk.join(this.#group(group), pieceName(piece));
      const bytes = await this.#disk.read(path, BACKUP_PIECE_BYTES + 1);
      if (bytes === undefined) throw invalid({ group, piece, problem: 'is missing' });
      if (!equalBytes(pieceDigest(this.#hashes, bytes), digest)) {
        throw invalid({ group, piece, problem: 'has another digest' });
      }
      yield bytes;
    }
  }

  /** Removes what was made; for a backup that broke off. */
  discard(): Promise<void> {
    return this.#disk.remove(this.path);
  }

  #requireAll({ groups }: BackupManifest): void {
    for (const { group, digests } of groups) {
      for (const [piece, digest] of digests.entries()) {
        const added = this.#digests.get(`${group}/${piece}`);
        if (added === undefined) throw invalid({ group, piece, problem: 'is missing' });
        if (!equalBytes(added, digest)) throw invalid({ group, piece, problem: 'has another digest' });
      }
    }
  }

  #group(id: number): string {
    return this.#disk.join(this.path, GROUPS, String(id));
  }
}

function pieceName(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

function invalid(details: ErrorDetails): CaissonError {
  return new CaissonError('BACKUP_INVALID', details);
}
