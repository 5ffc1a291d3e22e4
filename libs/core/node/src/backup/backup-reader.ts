import { EMPTY_BYTES, equalBytes } from '@caisson/base';
import {
  CaissonError,
  type ErrorDetails,
  type Hashes,
  isCaissonError,
  type Pair,
  type StateProof,
} from '@caisson/contracts';
import {
  type BackupGroup,
  type BackupManifest,
  backupManifestMacInput,
  decodeKeyState,
  type KeyState,
  type SnapshotHeader,
} from '@caisson/formats';
import { requireClaims } from '../snapshots/snapshot-claims.js';
import { StreamReader } from '../snapshots/stream-reader.js';
import type { BackupFolder } from './backup-folder.js';
import { Survey } from './survey.js';

/** A group as it was found in a backup; everything that can be known without a key was compared. */
export interface BackedUpGroup {
  readonly header: SnapshotHeader;
  readonly keyState: KeyState | undefined;
  readonly survey: Survey;
  /** What its source authenticated. */
  readonly proof: StateProof;
}

/** Reads a backup and believes nothing in it. Damage is `BACKUP_INVALID`, with the group. */
export class BackupReader {
  readonly #folder: BackupFolder;
  readonly #hashes: Hashes;
  readonly manifest: BackupManifest;

  private constructor(folder: BackupFolder, hashes: Hashes, manifest: BackupManifest) {
    this.#folder = folder;
    this.#hashes = hashes;
    this.manifest = manifest;
  }

  static async open(folder: BackupFolder, hashes: Hashes): Promise<BackupReader> {
    return new BackupReader(folder, hashes, await folder.manifest());
  }

  /** What was authenticated of the manifest; `undefined` where no group had keys. */
  get proof(): StateProof | undefined {
    const { mac } = this.manifest;
    return mac.length === 0 ? undefined : { parts: [backupManifestMacInput(this.manifest)], mac };
  }

  /** The header alone. Its key state is not authenticated yet. */
  async header(entry: BackupGroup): Promise<SnapshotHeader> {
    return this.#named(entry, async () => {
      const header = await new StreamReader(this.#folder.pieces(entry), this.#hashes).header();
      this.#requireHeader(header, entry);
      return header;
    });
  }

  /** The key state alone; not authenticated yet. */
  async keyState(entry: BackupGroup): Promise<KeyState | undefined> {
    return this.#named(entry, async () => keyStateOf(await this.header(entry)));
  }

  /** The whole group, from front to back; `onPairs` sees windows that it copies if it keeps them. */
  async read(
    entry: BackupGroup,
    onPairs: (pairs: readonly Pair[]) => Promise<void> | void,
    signal?: AbortSignal,
  ): Promise<BackedUpGroup> {
    return this.#named(entry, async () => {
      const reader = new StreamReader(this.#folder.pieces(entry), this.#hashes);
      const header = await reader.header();
      this.#requireHeader(header, entry);
      const survey = new Survey();
      for await (const pairs of reader.chunks()) {
        signal?.throwIfAborted();
        survey.add(pairs);
        await onPairs(pairs);
      }
      await requireClaims(header, survey);
      for (const name of ['pairs', 'versions', 'sealed'] as const) {
        if (survey[name] !== entry[name]) throw invalid({ field: name, problem: 'differs from the pairs' });
      }
      const keyState = keyStateOf(header);
      this.#requireKeys(entry, survey, keyState);
      return { header, keyState, survey, proof: reader.proof };
    });
  }

  #requireHeader(header: SnapshotHeader, entry: BackupGroup): void {
    for (const name of ['group', 'index', 'term'] as const) {
      if (header[name] !== entry[name]) throw invalid({ field: name, problem: 'differs from the manifest' });
    }
    if (!equalBytes(header.clusterId, this.manifest.clusterId)) {
      throw invalid({ field: 'clusterId', problem: 'differs from the manifest' });
    }
  }

  /** Sealed values whose key is not in the backup could never be read again. */
  #requireKeys({ group }: BackupGroup, survey: Survey, keyState: KeyState | undefined): void {
    const carried = new Map((keyState?.keys ?? []).map((key) => [key.keyId, key.container]));
    for (const [keyId, values] of survey.sealedUnder) {
      if ((carried.get(keyId) ?? EMPTY_BYTES).length > 0) continue;
      throw new CaissonError('BACKUP_MISSING_SIDECAR', { group, keyId, values });
    }
  }

  async #named<T>({ group }: BackupGroup, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw asInvalid(error, group);
    }
  }
}

function keyStateOf({ keyState }: SnapshotHeader): KeyState | undefined {
  return keyState.length === 0 ? undefined : decodeKeyState(keyState);
}

/** What any layer calls damage is damage of the backup. */
function asInvalid(error: unknown, group: number): unknown {
  const codes = ['SNAPSHOT_INVALID', 'CORRUPTION', 'ENVELOPE_MALFORMED', 'ENCRYPTED_READ_INTEGRITY'] as const;
  const isDamage = codes.some((code) => isCaissonError(error, code));
  if (isDamage && isCaissonError(error)) return invalid({ ...error.details, group }, error);
  if (isCaissonError(error, 'BACKUP_INVALID')) return invalid({ ...error.details, group }, error.cause);
  return error;
}

function invalid(details: ErrorDetails, cause?: unknown): CaissonError {
  return new CaissonError('BACKUP_INVALID', details, cause === undefined ? {} : { cause });
}
