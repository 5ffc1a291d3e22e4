import { concatBytes, invariant } from '@caisson/base';
import {
  type BackupPart,
  CaissonError,
  type Cursor,
  type Hashes,
  type NodeIdentity,
  type Pair,
  type ScanLimits,
  type StoredView,
} from '@caisson/contracts';
import {
  BACKUP_PIECE_BYTES,
  type BackupGroup,
  type BackupManifest,
  backupManifestMacInput,
  encodeBackupManifest,
} from '@caisson/formats';
import { OutgoingStream } from '../snapshots/outgoing-stream.js';
import { readClaims } from '../snapshots/snapshot-claims.js';
import { digestRoot, pieceDigest } from './digest-tree.js';
import { Survey } from './survey.js';

/** One moment of a group, and a term that is not below that of the entry it ends with. */
export interface BackupMoment {
  readonly group: number;
  readonly term: number;
  readonly view: StoredView;
}

export interface BackupParts {
  /** Ascending groups; their views are the caller's to close. */
  readonly moments: readonly BackupMoment[];
  readonly identity: NodeIdentity;
  readonly createdMs: number;
  readonly hashes: Hashes;
}

/**
 * Everything that makes up a backup, read once and held a piece at a time. The manifest is authenticated
 * under the key state of the first group that has one.
 */
export async function* backupParts(parts: BackupParts): AsyncGenerator<BackupPart, void> {
  const { moments, identity, createdMs, hashes } = parts;
  invariant('NODE-30', moments.length > 0, 'a backup holds a group');
  const groups: BackupGroup[] = [];
  for (const moment of moments) groups.push(yield* groupParts(moment, hashes));
  const { clusterId, birth, format, name: node } = identity;
  const manifest = { clusterId, birth, format, node, createdMs, groups };
  yield {
    kind: 'manifest',
    bytes: encodeBackupManifest({ ...manifest, mac: await macOf(moments, manifest) }),
  };
}

async function macOf(
  moments: readonly BackupMoment[],
  manifest: Omit<BackupManifest, 'mac'>,
): Promise<Uint8Array> {
  const input = backupManifestMacInput(manifest);
  let mac = new Uint8Array(0);
  for (const { view } of moments) if (mac.length === 0) mac = new Uint8Array(await view.authenticate(input));
  return mac;
}

async function* groupParts(
  { group, term, view }: BackupMoment,
  hashes: Hashes,
): AsyncGenerator<BackupPart, BackupGroup> {
  const survey = new Survey();
  const claims = await readClaims(view);
  if (claims.index === 0) throw new CaissonError('UNAVAILABLE', { group, problem: 'holds nothing yet' });
  const stream = new OutgoingStream({
    id: new Uint8Array(0),
    frame: new Uint8Array(0),
    view: new SurveyedView(view, survey),
    header: { ...claims, group, term },
    hashes,
    onClosed: () => undefined,
  });
  const digests: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of inPieces(stream.chunks(0))) {
    digests.push(pieceDigest(hashes, piece));
    bytes += piece.length;
    yield { kind: 'piece', group, number: digests.length - 1, bytes: piece };
  }
  const { pairs, versions, sealed } = survey;
  const root = digestRoot(hashes, digests);
  return { group, index: claims.index, term, bytes, pairs, versions, sealed, root, digests };
}

/** The same bytes, cut into pieces of one size. */
async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (let cut of source) {
    while (length + cut.length >= BACKUP_PIECE_BYTES) {
      const taken = BACKUP_PIECE_BYTES - length;
      yield concatBytes(...held, cut.subarray(0, taken));
      cut = cut.subarray(taken);
      [held, length] = [[], 0];
    }
    if (cut.length > 0) held.push(cut);
    length += cut.length;
  }
  if (length > 0) yield concatBytes(...held);
}

/** A view that tells a survey what is read from it. */
class SurveyedView implements StoredView {
  constructor(
    private readonly view: StoredView,
    private readonly survey: Survey,
  ) {}

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.view.get(key);
  }

  rows(): Cursor {
    const cursor = this.view.rows();
    const next = async (limits?: ScanLimits): Promise<readonly Pair[]> => {
      const pairs = await cursor.next(limits);
      this.survey.add(pairs);
      return pairs;
    };
    return { next };
  }

  authenticate(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
    return this.view.authenticate(...parts);
  }

  close(): Promise<void> {
    return this.view.close();
  }
}
