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
  /** When it is to be over, Unix milliseconds; absent where only the rate counts. */
  readonly finishBy?: number;
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
const HAS_TIME = 0x02;

/**
 * `0x01 ‖ flags u8 (1 finished, 2 by a time) ‖ key_id u32 ‖ envelope_version u8 ‖ rate ‖ done ‖ total ‖
 * bytes ‖ [finished_at] ‖ [finish_by] ‖ position`.
 */
export function encodeRewriteCursor(cursor: RewriteCursor): Uint8Array {
  const { target, rate, done, total, bytes, finishedAt, finishBy, position } = cursor;
  const writer = new ByteWriter(64 + position.length)
    .u8(VERSION)
    .u8((finishedAt === undefined ? 0 : FINISHED) | (finishBy === undefined ? 0 : HAS_TIME))
    .u32(target.keyId)
    .u8(target.version);
  for (const count of [rate, done, total, bytes]) writer.index(count);
  if (finishedAt !== undefined) writer.index(finishedAt);
  if (finishBy !== undefined) writer.index(finishBy);
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
  if ((flags & ~(FINISHED | HAS_TIME)) !== 0) throw new DecodeFault('flags', `is ${flags}`);
  const target = { keyId: reader.u32('keyId'), version: reader.u8('envelopeVersion') };
  const rate = reader.index('rate');
  const done = reader.index('done');
  const total = reader.index('total');
  const bytes = reader.index('bytes');
  const end = (flags & FINISHED) === 0 ? {} : { finishedAt: reader.index('finishedAt') };
  const time = (flags & HAS_TIME) === 0 ? {} : { finishBy: reader.index('finishBy') };
  return { target, rate, done, total, bytes, ...end, ...time, position: reader.rest() };
}
