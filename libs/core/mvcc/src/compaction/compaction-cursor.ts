import { ByteReader, ByteWriter, concatBytes, DecodeFault, toUtf8 } from '@caisson/base';
import { CaissonError, type Timestamp } from '@caisson/contracts';
import { TABLE } from '@caisson/formats';

/** Where this node's compaction stands. A row of this node alone: replicas compact in their own time. */
export const COMPACTION_CURSOR_KEY: Uint8Array = concatBytes(
  Uint8Array.of(TABLE.local),
  toUtf8('compaction'),
);

export type CompactionPhase = 'versions' | 'requests' | 'done';

/** How far one pass has come. */
export interface CompactionCursor {
  /** The floor this pass removes below; the next pass takes a newer one. */
  readonly floor: Timestamp;
  readonly phase: CompactionPhase;
  /** The last store key looked at, empty at the start of a phase. */
  readonly position: Uint8Array;
  /**
   * The newest version at or below the floor of the user key at `position`, once met. When it is dead it goes
   * last: removed earlier, it would let an older value show.
   */
  readonly anchor?: { readonly commitTs: Timestamp; readonly isDead: boolean };
}

const VERSION = 0x01;
const PHASES: readonly CompactionPhase[] = ['versions', 'requests', 'done'];
const HAS_ANCHOR = 0x01;
const ANCHOR_DEAD = 0x02;

/** `0x01 ‖ phase u8 ‖ floor u64 ‖ flags u8 (1 has anchor, 2 anchor dead) ‖ [anchor u64] ‖ position`. */
export function encodeCompactionCursor({ floor, phase, position, anchor }: CompactionCursor): Uint8Array {
  const writer = new ByteWriter(20 + position.length).u8(VERSION).u8(PHASES.indexOf(phase)).u64(floor);
  writer.u8((anchor === undefined ? 0 : HAS_ANCHOR) | (anchor?.isDead ? ANCHOR_DEAD : 0));
  if (anchor !== undefined) writer.u64(anchor.commitTs);
  return writer.bytes(position).done();
}

/** `CORRUPTION` for anything that `encodeCompactionCursor` does not write. */
export function decodeCompactionCursor(row: Uint8Array): CompactionCursor {
  try {
    return readCursor(new ByteReader(row));
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    throw new CaissonError('CORRUPTION', { row: 'compaction', field: error.field, problem: error.problem });
  }
}

function readCursor(reader: ByteReader): CompactionCursor {
  const version = reader.u8('version');
  if (version !== VERSION) throw new DecodeFault('version', `is ${version}`);
  const phase = PHASES[reader.u8('phase')];
  if (phase === undefined) throw new DecodeFault('phase', 'is unknown');
  const floor = reader.u64('floor');
  const flags = reader.u8('flags');
  if (flags !== 0 && flags !== HAS_ANCHOR && flags !== (HAS_ANCHOR | ANCHOR_DEAD)) {
    throw new DecodeFault('flags', `is ${flags}`);
  }
  if (flags === 0) return { floor, phase, position: reader.rest() };
  const anchor = { commitTs: reader.u64('anchor'), isDead: (flags & ANCHOR_DEAD) !== 0 };
  return { floor, phase, anchor, position: reader.rest() };
}
