import type { Applier, OpcodeRange } from '@caisson/contracts';
import { OpcodeTable } from './opcode-table.js';

const applier = (id: string, ...opcodes: OpcodeRange[]): Applier => ({
  id,
  opcodes,
  open: async () => ({
    apply: () => ({ kind: 'applied', result: new Uint8Array() }),
    written: () => undefined,
  }),
});

describe('OpcodeTable', () => {
  it('names both owners of one opcode', () => {
    const first = applier('first', { first: 3, last: 7, alone: true });
    const second = applier('second', { first: 7, last: 9, alone: false });
    expect(() => new OpcodeTable([first, second])).toThrow(/PLAN_INVALID.*opcode=7.*first,second/);
  });

  it.each([
    { first: 5, last: 4, alone: false },
    { first: 0, last: 256, alone: false },
    { first: -1, last: 4, alone: false },
    { first: 0.5, last: 4, alone: false },
  ])('refuses %j, which is no range', (range) => {
    expect(() => new OpcodeTable([applier('odd', range)])).toThrow(/PLAN_INVALID/);
  });

  it('knows whose an opcode is before and after it is opened', async () => {
    const table = new OpcodeTable([applier('one', { first: 1, last: 2, alone: true })]);
    expect([0, 1, 2, 3, undefined].map((opcode) => table.owns(opcode))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    const opened = await table.open({ id: 1, store: undefined as never });
    expect(opened.ownerOf(Uint8Array.of(2)).alone).toBe(true);
    expect(() => opened.ownerOf(Uint8Array.of(3))).toThrow(/OPCODE_UNOWNED/);
  });
});
