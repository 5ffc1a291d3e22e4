import { concatBytes, crc32c, toUtf8 } from '@caisson/base';
import {
  type Applier,
  type ApplyEntry,
  type ApplyOutcome,
  CaissonError,
  type StoreBatch,
} from '@caisson/contracts';
import { encodeIndexRow } from '@caisson/formats';

export const TOY = { chain: 0x10, alone: 0x11, refuse: 0x12, fail: 0x13, dirtyFail: 0x14 } as const;

const rowOf = (slot: number): Uint8Array =>
  concatBytes(Uint8Array.of(0x01), toUtf8('toy|'), Uint8Array.of(slot));

/** What applying an entry makes of a slot: sensitive to order, to repetition and to omission. */
function link(previous: Uint8Array | undefined, entry: { index: number; payload: Uint8Array }): Uint8Array {
  const seed = previous === undefined ? 0 : new DataView(previous.slice().buffer).getUint32(0);
  const chained = new Uint8Array(4);
  const sum = crc32c(concatBytes(encodeIndexRow(entry.index), entry.payload), seed);
  new DataView(chained.buffer).setUint32(0, sum);
  return chained;
}

export class ToyApplier implements Applier {
  readonly id = 'toy';
  readonly opcodes = [
    { first: TOY.chain, last: TOY.chain, alone: false },
    { first: TOY.alone, last: TOY.alone, alone: true },
    { first: TOY.refuse, last: TOY.dirtyFail, alone: false },
  ];
  repaired = false;
  readonly seen: number[] = [];
  gate: Promise<void> | undefined;

  async open({ store }: Parameters<Applier['open']>[0]): ReturnType<Applier['open']> {
    const added = new Map<number, Uint8Array>();
    const apply = async (entry: ApplyEntry, batch: StoreBatch): Promise<ApplyOutcome> => {
      await this.gate;
      this.seen.push(entry.index);
      const [opcode, slot = 0] = entry.payload;
      if (opcode === TOY.refuse) return { kind: 'refused', error: new CaissonError('TIMESTAMP_BEHIND') };
      if (opcode === TOY.dirtyFail) batch.put(rowOf(slot), Uint8Array.of(0));
      if (opcode !== TOY.chain && opcode !== TOY.alone && !this.repaired)
        throw new CaissonError('KEK_NOT_CONFIGURED');
      const result = link(added.get(slot) ?? (await store.get(rowOf(slot))), entry);
      batch.put(rowOf(slot), result);
      added.set(slot, result);
      return { kind: 'applied', result, sync: opcode === TOY.alone };
    };
    return { apply, written: () => added.clear() };
  }
}

/** The rows that applying these entries in order leads to. */
export function toyModel(entries: Iterable<{ index: number; payload: Uint8Array }>): Map<number, Uint8Array> {
  const slots = new Map<number, Uint8Array>();
  for (const entry of entries) {
    const [opcode, slot = 0] = entry.payload;
    if (opcode === TOY.chain || opcode === TOY.alone) slots.set(slot, link(slots.get(slot), entry));
  }
  return slots;
}

export const toyRow = rowOf;
