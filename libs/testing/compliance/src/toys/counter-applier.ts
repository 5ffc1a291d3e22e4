import { ByteReader, ByteWriter, concatBytes, DecodeFault, toUtf8 } from '@caisson/base';
import {
  type Applier,
  type ApplierGroup,
  type ApplyEntry,
  type ApplyOutcome,
  CaissonError,
  type GroupApplier,
  type ReadableStore,
  type StoreBatch,
} from '@caisson/contracts';

/** Far above the opcodes in use, so that the toy can stand beside real appliers. */
const COUNT = 0xf0;
const COUNT_ALONE = 0xf1;
const ROW_PREFIX = concatBytes(Uint8Array.of(0x01), toUtf8('!toy|'));

/** An entry that adds `amount` to the counter called `name`; a counter never falls below zero. */
export function encodeCount(
  name: string,
  amount: number,
  options: { readonly alone?: boolean } = {},
): Uint8Array {
  const opcode = options.alone === true ? COUNT_ALONE : COUNT;
  return new ByteWriter()
    .u8(opcode)
    .block(toUtf8(name))
    .u32(amount >>> 0)
    .done();
}

/** The number in an applied entry's result: the counter after it. */
export function decodeCountResult(result: Uint8Array): number {
  return new ByteReader(result).u32('count');
}

/** What a counter stands at, as the store shows it. */
export async function readCount(store: ReadableStore, name: string): Promise<number> {
  const row = await store.get(rowKey(toUtf8(name)));
  return row === undefined ? 0 : decodeCountResult(row);
}

/**
 * Counters: the smallest applier that reads what it wrote, refuses, and can be made to fail.
 *
 * `failsOn` names a counter whose entries meet a failing disk; `onApply` sees every entry first.
 */
export class CounterApplier implements Applier {
  readonly id = 'toy-counter';
  readonly opcodes = [
    { first: COUNT, last: COUNT, alone: false },
    { first: COUNT_ALONE, last: COUNT_ALONE, alone: true },
  ];
  failsOn: string | undefined;
  onApply: ((entry: ApplyEntry, batch: StoreBatch) => void) | undefined;

  async open({ store }: ApplierGroup): Promise<GroupApplier> {
    const pending = new Map<string, number>();
    return {
      apply: async (entry, batch) => {
        this.onApply?.(entry, batch);
        const { name, amount } = decode(entry.payload);
        if (this.failsOn !== undefined && String(name) === String(toUtf8(this.failsOn))) {
          throw new CaissonError('DISK_ERROR', { operation: 'read', path: 'toy', errno: 'EIO' });
        }
        const key = rowKey(name);
        const row = await store.get(key);
        const before = pending.get(String(name)) ?? (row === undefined ? 0 : decodeCountResult(row));
        return count(before + amount, key, batch, (after) => pending.set(String(name), after));
      },
      written: () => pending.clear(),
    };
  }
}

function count(
  after: number,
  key: Uint8Array,
  batch: StoreBatch,
  remember: (after: number) => void,
): ApplyOutcome {
  if (after < 0)
    return { kind: 'refused', error: new CaissonError('INVALID_ARGUMENT', { reason: 'below zero' }) };
  const result = new ByteWriter().u32(after).done();
  batch.put(key, result);
  remember(after);
  return { kind: 'applied', result };
}

function rowKey(name: Uint8Array): Uint8Array {
  return concatBytes(ROW_PREFIX, name);
}

function decode(payload: Uint8Array): { readonly name: Uint8Array; readonly amount: number } {
  try {
    const reader = new ByteReader(payload);
    reader.u8('opcode');
    const name = reader.block(255, 'name');
    const amount = reader.u32('amount') | 0;
    reader.end();
    return { name, amount };
  } catch (fault) {
    if (!(fault instanceof DecodeFault)) throw fault;
    throw new CaissonError('ENTRY_MALFORMED', { field: fault.field }, { cause: fault });
  }
}
