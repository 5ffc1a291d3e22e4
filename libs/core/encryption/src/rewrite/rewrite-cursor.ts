import { ByteReader, ByteWriter, concatBytes, DecodeFault, toUtf8 } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import { TABLE } from '@caisson/formats';

/** Where this node's rewriting stands. A row of this node alone: every replica seals for itself. */
export const REWRITE_CURSOR_KEY: Uint8Array = concatBytes(Uint8Array.of(TABLE.local), toUtf8('rewrite'));

/** What values are sealed with once they are rewritten. */
export interface RewriteTarget {
  readonly keyId: number;
  /** Envelope version. */
  readonly version: number;
}

/** How far rewriting to one target has come. */
export interface RewriteCursor {
  readonly target: RewriteTarget;
  /** Bytes per second; 0 for no limit. */
  readonly rate: number;
  /**
   * Values rewritten, of how many that were counted at the beginning, and their bytes as they were stored.
   */
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  /** Index applied when nothing was left to rewrite; absent until then. */
  readonly finishedAt?: number;
  /** The last store key looked at, empty at the beginning and once finished. */
  readonly position: Uint8Array;
}

const VERSION = 0x01;
const FINISHED = 0x01;

/**
 * `0x01 ‖ flags u8 (1 finished) ‖ key_id u32 ‖ envelope_version u8 ‖ rate ‖ done ‖ total ‖ bytes ‖
 * [finished_at] ‖ position`.
 */
export function encodeRewriteCursor(cursor: RewriteCursor): Uint8Array {
  const { target, rate, done, total, bytes, finishedAt, position } = cursor;
  const writer = new ByteWriter(56 + position.length)
    .u8(VERSION)
    .u8(finishedAt === undefined ? 0 : FINISHED)
    .u32(target.keyId)
    .u8(target.version);
  for (const count of [rate, done, total, bytes]) writer.index(count);
  if (finishedAt !== undefined) writer.index(finishedAt);
  return writer.bytes(position).done();
}

/** `CORRUPTION` for anything that `encodeRewriteCursor` does not write. */
export function decodeRewriteCursor(row: Uint8Array): RewriteCursor {
  try {
    return readCursor(new ByteReader(row));
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    throw new CaissonError('CORRUPTION', { row: 'rewrite', field: error.field, problem: error.problem });
  }
}

function readCursor(reader: ByteReader): RewriteCursor {
  const version = reader.u8('version');
  if (version !== VERSION) throw new DecodeFault('version', `is ${version}`);
  const flags = reader.u8('flags');
  if (flags !== 0 && flags !== FINISHED) throw new DecodeFault('flags', `is ${flags}`);
  const target = { keyId: reader.u32('keyId'), version: reader.u8('envelopeVersion') };
  const rate = reader.index('rate');
  const done = reader.index('done');
  const total = reader.index('total');
  const bytes = reader.index('bytes');
  const counts = { target, rate, done, total, bytes };
  if (flags === 0) return { ...counts, position: reader.rest() };
  return { ...counts, finishedAt: reader.index('finishedAt'), position: reader.rest() };
}
