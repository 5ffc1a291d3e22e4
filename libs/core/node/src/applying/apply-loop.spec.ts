import { encodeIndexRow, SYSTEM_KEYS } from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { entry, LoopBench, OP, rowKey } from '../testdata/loop-bench.js';

describe('a run of ordinary entries', () => {
  it('shares one unsynced batch, which also moves the applied index', async () => {
    const bench = await new LoopBench().start();
    await bench.apply(entry(1, [OP.put, 1]), entry(2, [OP.put, 2]), entry(3, [OP.put, 3]));
    expect(bench.writes).toEqual([{ size: 4, sync: false }]);
    expect(await bench.store.get(SYSTEM_KEYS.appliedIndex)).toEqual(encodeIndexRow(3));
    expect(bench.written).toBe(1);
    expect(bench.loop.applied).toBe(3);
  });

  it('is cut by entries and by bytes, and is one entry long at least', async () => {
    const byEntries = await new LoopBench().start({ entries: 2, bytes: 1000 });
    await byEntries.apply(...[1, 2, 3, 4, 5].map((index) => entry(index, [OP.put, index])));
    expect(byEntries.writes.map(({ size }) => size)).toEqual([3, 3, 2]);
    const byBytes = await new LoopBench().start({ entries: 100, bytes: 1 });
    await byBytes.apply(entry(1, [OP.put, 1]), entry(2, [OP.put, 2]));
    expect(byBytes.writes).toHaveLength(2);
  });

  it('ends before an entry that is applied alone, which is opened once', async () => {
    const bench = await new LoopBench().start();
    const opcodes = [OP.put, OP.alone, OP.put, OP.put];
    await bench.apply(...opcodes.map((opcode, at) => entry(at + 1, [opcode, at])));
    expect(bench.writes.map(({ size }) => size)).toEqual([2, 2, 3]);
    expect(bench.opened).toEqual([1, 2, 3, 4]);
  });

  it('is synced when one of its outcomes asks for it', async () => {
    const bench = await new LoopBench().start();
    await bench.apply(entry(1, [OP.put, 1]), entry(2, [OP.sync, 2]));
    expect(bench.writes).toEqual([{ size: 3, sync: true }]);
  });

  it('waits for appliers that need to look something up', async () => {
    const bench = await new LoopBench().start();
    bench.isAsync = true;
    await bench.apply(entry(1, [OP.put, 1]), entry(2, [OP.put, 1, 9]));
    expect(await bench.store.get(rowKey(1))).toEqual(Uint8Array.of(OP.put, 1, 9));
  });
});

describe('entries without effect', () => {
  it('advance the index: empty data, and refusals on either side of the door', async () => {
    const bench = await new LoopBench().start();
    bench.refuseAt = 2;
    await bench.apply(entry(1, []), entry(2, [OP.put, 2]), entry(3, [OP.refuse]));
    expect(bench.opened).toEqual([2, 3]);
    expect(bench.loop).toMatchObject({ applied: 3, refused: 2 });
    expect(await bench.store.get(SYSTEM_KEYS.refusedCount)).toEqual(encodeIndexRow(2));
    expect(await bench.store.get(rowKey(2))).toBeUndefined();
  });

  it('are skipped at or below what is applied already', async () => {
    const stores = new MemoryStores();
    const before = await new LoopBench().start(undefined, stores);
    await before.apply(entry(1, [OP.put, 1]), entry(2, [OP.refuse]));
    await (before.store as unknown as { close(): Promise<void> }).close();
    const after = await new LoopBench().start(undefined, stores);
    expect(after.loop).toMatchObject({ applied: 2, refused: 1 });
    await after.apply(entry(1, [OP.put, 1]), entry(2, [OP.refuse]), entry(3, [OP.put, 3]));
    expect(after.opened).toEqual([3]);
  });
});

describe('answers', () => {
  it('go to the caller whose proposal stands at this index and term with this id', async () => {
    const bench = await new LoopBench().start();
    const answers = [
      bench.waitFor(1),
      bench.waitFor(2),
      bench.waitFor(3, { term: 7 }),
      bench.waitFor(4, { proposalId: 9n }),
    ];
    await bench.apply(
      ...[OP.put, OP.refuse, OP.put, OP.put].map((opcode, at) => entry(at + 1, [opcode, at])),
    );
    expect(await Promise.all(answers)).toEqual(['applied', 'refused', 'UNKNOWN_OUTCOME', 'UNKNOWN_OUTCOME']);
  });

  it('come after the batch is written', async () => {
    const bench = await new LoopBench().start();
    const answer = bench.waitFor(1).then(() => bench.writes.length);
    await bench.apply(entry(1, [OP.put, 1]));
    expect(await answer).toBe(1);
  });
});

describe('a halt', () => {
  it('keeps whole entries before it and looks at nothing behind it', async () => {
    const bench = await new LoopBench().start();
    const answers = [1, 2, 3].map((index) => bench.waitFor(index));
    await bench.apply(entry(1, [OP.put, 1]), entry(2, [OP.fail], 4), entry(3, [OP.put, 3]));
    expect(await Promise.all(answers)).toEqual(['applied', 'APPLY_HALTED', 'APPLY_HALTED']);
    expect(bench.opened).toEqual([1, 2]);
    expect(bench.loop.applied).toBe(1);
    expect(bench.fatal.map(({ details }) => details)).toEqual([
      { group: 1, index: 2, term: 4, reason: 'CORRUPTION', nextStep: expect.stringContaining('Rebuild') },
    ]);
    await bench.apply(entry(3, [OP.put, 3]));
    expect(bench.loop.applied).toBe(1);
  });

  it.each([
    ['an opcode that nobody owns', entry(1, [0xee]), 'OPCODE_UNOWNED'],
    ['data that is no proposal', { ...entry(1, []), data: Uint8Array.of(9) }, 'ENTRY_MALFORMED'],
    [
      'a payload without an opcode',
      { ...entry(1, []), data: new Uint8Array(9).fill(1, 0, 1) },
      'ENTRY_MALFORMED',
    ],
    ['a change of membership', { ...entry(1, []), kind: 'confChange' as const }, 'ENTRY_MALFORMED'],
    ['a refusal that left something in the batch (NODE-2)', entry(1, [OP.dirtyRefuse]), 'INTERNAL'],
  ])('comes from %s', async (_what, broken, reason) => {
    const bench = await new LoopBench().start();
    await bench.apply(broken);
    expect(bench.fatal.map(({ details }) => details['reason'])).toEqual([reason]);
    expect(bench.writes).toEqual([]);
  });

  it('comes from a batch that cannot be written, at its first entry', async () => {
    const bench = await new LoopBench().start();
    bench.failWrite = true;
    await bench.apply(entry(1, [OP.put, 1], 3), entry(2, [OP.put, 2], 3));
    expect(bench.fatal[0]?.details).toMatchObject({ index: 1, term: 3, reason: 'DISK_FULL' });
    expect(bench.loop.applied).toBe(0);
  });

  it('comes from an applier that fails after its effects are written', async () => {
    const bench = await new LoopBench().start();
    bench.failWritten = true;
    await bench.apply(entry(1, [OP.put, 1]));
    expect(bench.loop.applied).toBe(1);
    expect(bench.fatal).toHaveLength(1);
  });
});

describe('the caller of the loop', () => {
  it('may not leave a hole (NODE-1)', async () => {
    const bench = await new LoopBench().start();
    expect(() => bench.loop.commit([entry(2, [OP.put, 2])])).toThrow('NODE-1');
  });

  it('can call off what an entry waits for: it is left to the next start, and nothing halts', async () => {
    const bench = await new LoopBench().start();
    const answers = [bench.waitFor(1), bench.waitFor(2)];
    await bench.apply(entry(1, [OP.put, 1]), entry(2, [OP.leave]), entry(3, [OP.put, 3]));
    expect(await Promise.all(answers)).toEqual(['applied', 'UNKNOWN_OUTCOME']);
    expect(bench.loop).toMatchObject({ applied: 1, halted: undefined });
    expect(bench.opened).toEqual([1, 2]);
    expect(bench.fatal).toEqual([]);
    await bench.loop.stop();
  });

  it('can stop it between batches', async () => {
    const bench = await new LoopBench().start({ entries: 1, bytes: 1000 });
    bench.isAsync = true;
    bench.loop.commit([entry(1, [OP.put, 1]), entry(2, [OP.put, 2])]);
    await bench.loop.stop();
    expect(bench.loop.applied).toBeLessThan(2);
    expect(bench.fatal).toEqual([]);
  });
});
