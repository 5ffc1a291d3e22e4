import { CaissonError, type Pair } from '@caisson/contracts';
import { type BackupGroup, snapshotPairBytes, TABLE } from '@caisson/formats';
import { BackupFolder, BackupReader } from '@caisson/node';
import type { OfflineParts } from './backup-parts.js';
import { BackupProofs } from './backup-proofs.js';

export interface VerifyOptions {
  readonly path: string;
  /** Opens every sealed value as well. */
  readonly values: boolean;
  onBytes(done: number, total: number): void;
  readonly signal: AbortSignal;
}

export interface VerifiedGroup {
  readonly group: number;
  readonly index: number;
  readonly term: number;
  readonly versions: number;
  readonly sealed: number;
  /** Sealed values that were opened. */
  readonly opened: number;
  /** What each KEK opened. */
  readonly keks: readonly { readonly provider: string; readonly keyRef: string; readonly keys: number }[];
}

export interface Verified {
  readonly reader: BackupReader;
  /** Whether a MAC was right; unknown without a KEK. */
  readonly authentic: 'yes' | 'unknown' | 'has no keys';
  readonly groups: readonly VerifiedGroup[];
}

/** Proves a backup as far as it can be proved here; the first thing that is wrong is thrown. */
export async function verifyBackup(parts: OfflineParts, options: VerifyOptions): Promise<Verified> {
  const { disk, hashes, keys } = parts;
  const reader = await BackupReader.open(new BackupFolder(disk, hashes, options.path), hashes);
  const proofs = new BackupProofs(keys, reader);
  const groups: VerifiedGroup[] = [];
  const total = reader.manifest.groups.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const entry of reader.manifest.groups) {
    const keks = await openKeys(reader, entry, parts, options.signal);
    let opened = 0;
    const look = (pairs: readonly Pair[]) => {
      if (options.values && keys.hasKek) opened += openValues(pairs, entry.group, parts);
      options.onBytes((done += bytesOf(pairs)), total);
    };
    const found = await reader.read(entry, look, options.signal);
    if (keys.hasKek) proofs.require(found);
    const { group, index, term, versions, sealed } = entry;
    groups.push({ group, index, term, versions, sealed, opened, keks });
  }
  const unproved = reader.proof === undefined ? 'has no keys' : 'unknown';
  return { reader, authentic: proofs.isProved ? 'yes' : unproved, groups };
}

export function bytesOf(pairs: readonly Pair[]): number {
  return pairs.reduce((sum, pair) => sum + snapshotPairBytes(pair), 0);
}

/** Through each KEK, and before the values come. */
async function openKeys(
  reader: BackupReader,
  entry: BackupGroup,
  { keys }: OfflineParts,
  signal: AbortSignal,
): Promise<VerifiedGroup['keks']> {
  const state = await reader.keyState(entry);
  if (state === undefined || !keys.hasKek) return [];
  const { clusterId } = reader.manifest;
  return keys.openThroughEach({ group: entry.group, clusterId, state }, signal);
}

/** Answers how many sealed ones there were; the first that does not open is thrown. */
function openValues(pairs: readonly Pair[], group: number, { keys }: OfflineParts): number {
  let opened = 0;
  for (const { key, value } of pairs) {
    if (key[0] !== TABLE.versions) continue;
    const { problem, isSealed } = keys.look(key, value);
    if (problem) throw new CaissonError(problem.code, { ...problem.details, group }, { cause: problem });
    if (isSealed) opened++;
  }
  return opened;
}
