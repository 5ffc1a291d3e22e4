import fc from 'fast-check';
import { fromHex, toHex } from '@caisson/base';
import { decodeVersionKey, requestResultKey, TABLE } from '@caisson/formats';
import { Snapshot } from '../index.js';
import { draft } from '../testdata/commands.js';
import { History } from '../testdata/history.js';
import { Replica } from '../testdata/replica.js';

async function versionsIn(replica: Replica): Promise<string[]> {
  const keys = [...(await replica.content()).keys()].map((hex) => fromHex(hex)!);
  const versions = keys.filter(([table]) => table === TABLE.versions).map(decodeVersionKey);
  return versions.map(({ userKey, commitTs }) => `${toHex(userKey)}@${commitTs}`).sort();
}

/** Every key at every moment from the floor on. */
async function compareEverything(replica: Replica, model: History): Promise<void> {
  for (let ts = model.floor; ts <= model.lastTs; ts++) {
    const snapshot = await Snapshot.open(replica.store, { ts });
    for (const key of model.keys()) {
      expect((await snapshot.get(key))?.commitTs).toBe(model.read(key, ts)?.ts);
    }
    await snapshot.close();
  }
}

test('no slice changes what can be read, also when it ends in the middle of a key or crashes', async () => {
  const histories = fc.array(draft(), { minLength: 5, maxLength: 30 });
  const slices = fc.array(fc.record({ pairs: fc.integer({ min: 1, max: 3 }), crash: fc.boolean() }), {
    minLength: 1,
  });
  await fc.assert(
    fc.asyncProperty(histories, fc.bigInt(0n, 10n), slices, async (drafts, back, plan) => {
      const replica = await Replica.open();
      const model = new History();
      const floor = { kind: 'floor' as const };
      for (const make of [
        ...drafts,
        (last: bigint) => ({ ...floor, floor: last - back, commitTs: last + 1n }),
      ]) {
        const command = make(model.lastTs);
        if (command.kind === 'floor' && command.floor < 0n) continue;
        model.apply(command);
        await replica.apply([command]);
      }
      await replica.write();
      for (let turn = 0, more = true; more; turn++) {
        const { pairs, crash } = plan[turn % plan.length]!;
        more = await replica.compact(pairs);
        if (crash && turn < plan.length) {
          await replica.crash();
          more = true;
        }
        await compareEverything(replica, model);
      }
      expect(await versionsIn(replica)).toEqual(model.retained());
      const content = await replica.content();
      for (const [id, { ts }] of model.requests) {
        expect(content.has(toHex(requestResultKey(fromHex(id)!)))).toBe(ts >= model.floor);
      }
    }),
    { numRuns: 100 },
  );
});

test('within one floor, what is finished is not read again', async () => {
  const replica = await Replica.open();
  const put = (key: number, commitTs: bigint) => ({
    kind: 'write' as const,
    commitTs,
    readKeys: [],
    readRanges: [],
    conditions: [],
    mutations: [{ op: 'put' as const, key: Uint8Array.of(key), value: Uint8Array.of(1), expireAt: 0n }],
  });
  await replica.apply(Array.from({ length: 20 }, (_, at) => put(at % 4, BigInt(at + 1))));
  await replica.apply([{ kind: 'floor', floor: 15n, commitTs: 30n }]);
  await replica.write();
  let slices = 1;
  while (await replica.compact(5)) slices += 1;
  expect(slices).toBe(6);
  expect(await replica.compact(5)).toBe(false);
  await replica.apply([put(0, 31n), { kind: 'floor', floor: 16n, commitTs: 32n }]);
  await replica.write();
  expect(await replica.compact(5)).toBe(true);
});
