import fc from 'fast-check';
import { fromHex } from '@caisson/base';
import { KeptRows, readGroupRows } from '../index.js';
import { draft } from '../testdata/commands.js';
import { Replica } from '../testdata/replica.js';

async function keptRows(replica: Replica): Promise<Map<string, string>> {
  const { floor } = await readGroupRows(replica.store);
  const kept = new KeptRows(floor);
  const rows = [...(await replica.content())].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(rows.filter(([key, value]) => kept.keeps({ key: fromHex(key)!, value: fromHex(value)! })));
}

test('what replicas keep is the same before, during and after compaction', async () => {
  const histories = fc.array(draft(), { minLength: 5, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(histories, fc.bigInt(0n, 10n), async (drafts, back) => {
      const replica = await Replica.open();
      let last = 0n;
      for (const make of drafts) {
        const command = make(last);
        await replica.apply([command]);
        if (command.commitTs > last) last = command.commitTs;
      }
      const floor = last > back ? last - back : 0n;
      await replica.apply([{ kind: 'floor', floor, commitTs: last + 1n }]);
      await replica.write();
      const kept = await keptRows(replica);
      for (let more = true; more; ) {
        more = await replica.compact(2);
        expect(await keptRows(replica)).toEqual(kept);
      }
      expect(await replica.content()).toEqual(kept);
    }),
    { numRuns: 100 },
  );
});
