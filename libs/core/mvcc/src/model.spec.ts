import fc from 'fast-check';
import { toHex } from '@caisson/base';
import type { ReadView } from '@caisson/contracts';
import { TABLE, decodeVersionKey, type Command, type CommandOutcome } from '@caisson/formats';
import { fromHex } from '@caisson/base';
import { resumed, Snapshot } from './index.js';
import { type Draft, draft, someKey } from './testdata/commands.js';
import { History } from './testdata/history.js';
import { Replica } from './testdata/replica.js';

type Step =
  | { readonly apply: readonly Draft[] }
  | { readonly then: 'write' | 'compact' | 'compactAll' }
  | { readonly get: { readonly key: Uint8Array; readonly back: bigint; readonly ahead: bigint } }
  | { readonly scan: ScanStep };

interface ScanStep {
  readonly from: Uint8Array;
  readonly to: Uint8Array | undefined;
  readonly back: bigint;
  readonly ahead: bigint;
  readonly direction: ReadView['direction'];
  readonly pairsMax: number;
  readonly versionsMax: number;
  readonly keysOnly: boolean;
}

const scanStep = (): fc.Arbitrary<ScanStep> =>
  fc.record({
    from: someKey(),
    to: fc.option(someKey(), { nil: undefined }),
    back: fc.bigInt(0n, 8n),
    ahead: fc.bigInt(0n, 6n),
    direction: fc.constantFrom('forward' as const, 'reverse' as const),
    pairsMax: fc.integer({ min: 1, max: 20 }),
    versionsMax: fc.constantFrom(1, 5, 1000),
    keysOnly: fc.boolean(),
  });

const step = (): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ apply: fc.array(draft(), { minLength: 1, maxLength: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ then: fc.constantFrom('write' as const, 'compact', 'compactAll') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        get: fc.record({ key: someKey(), back: fc.bigInt(0n, 8n), ahead: fc.bigInt(0n, 6n) }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ scan: scanStep() }) },
  );

/** Times follow the model; drafts of one payload follow each other. */
function resolve(
  drafts: readonly Draft[],
  model: History,
): { commands: Command[]; outcomes: CommandOutcome[] } {
  const commands: Command[] = [];
  const outcomes: CommandOutcome[] = [];
  for (const make of drafts) {
    const command = make(model.lastTs);
    commands.push(command);
    outcomes.push(model.apply(command));
  }
  return { commands, outcomes };
}

async function compareGet(
  replica: Replica,
  model: History,
  { key, back, ahead }: Extract<Step, { get: unknown }>['get'],
) {
  const ts = model.lastTs > back ? model.lastTs - back : 0n;
  if (ts < model.floor) {
    await expect(Snapshot.open(replica.store, { ts })).rejects.toMatchObject({ code: 'READ_TS_COMPACTED' });
    return;
  }
  const snapshot = await Snapshot.open(replica.store, { ts, expiryTs: ts + ahead });
  const found = await snapshot.get(key);
  await snapshot.close();
  const expected = model.read(key, ts, ts + ahead);
  expect(found && { ts: found.commitTs, expireAt: found.expireAt, value: toHex(found.value) }).toEqual(
    expected && { ts: expected.ts, expireAt: expected.expireAt, value: toHex(expected.value!) },
  );
}

async function compareScan(replica: Replica, model: History, scan: ScanStep): Promise<void> {
  const ts = model.lastTs > scan.back ? model.lastTs - scan.back : 0n;
  if (ts < model.floor) return;
  const { direction, pairsMax, versionsMax, keysOnly } = scan;
  let bounds = {
    from: scan.from,
    ...(scan.to && { to: scan.to }),
    pairsMax,
    versionsMax,
    keysOnly,
    bytesMax: 1000,
  };
  const seen: string[] = [];
  for (;;) {
    const snapshot = await Snapshot.open(replica.store, { ts, direction, expiryTs: ts + scan.ahead });
    const { pairs, resumeBehind } = await snapshot.scan(bounds);
    await snapshot.close();
    expect(pairs.length).toBeLessThanOrEqual(pairsMax);
    seen.push(
      ...pairs.map(({ key, commitTs, value }) => `${toHex(key)}@${commitTs}=${value ? toHex(value) : ''}`),
    );
    if (resumeBehind === undefined) break;
    bounds = resumed(bounds, direction, resumeBehind);
  }
  const expected = model.scan(scan.from, scan.to, ts, ts + scan.ahead);
  if (direction === 'reverse') expected.reverse();
  expect(seen).toEqual(expected.map((v) => `${toHex(v.key)}@${v.ts}=${keysOnly ? '' : toHex(v.value!)}`));
}

async function versionsIn(replica: Replica): Promise<string[]> {
  const content = await replica.content();
  const keys = [...content.keys()].map((hex) => fromHex(hex)!).filter(([table]) => table === TABLE.versions);
  return keys
    .map(decodeVersionKey)
    .map(({ userKey, commitTs }) => `${toHex(userKey)}@${commitTs}`)
    .sort();
}

async function run(replica: Replica, model: History, one: Step): Promise<void> {
  if ('apply' in one) {
    const { commands, outcomes } = resolve(one.apply, model);
    expect(await replica.apply(commands)).toEqual(outcomes);
  } else if ('get' in one || 'scan' in one) {
    await replica.write();
    if ('get' in one) await compareGet(replica, model, one.get);
    else await compareScan(replica, model, one.scan);
  } else if (one.then === 'write') {
    await replica.write();
  } else {
    while ((await replica.compact()) && one.then === 'compactAll');
  }
}

test('whatever is written, read, scanned and compacted, answers are those of the full history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step(), { minLength: 5, maxLength: 60 }), async (steps) => {
      const replica = await Replica.open();
      const model = new History();
      for (const one of steps) await run(replica, model, one);
      await replica.write();
      for (const key of model.keys()) await compareGet(replica, model, { key, back: 0n, ahead: 0n });
      while (await replica.compact());
      expect(await versionsIn(replica)).toEqual(model.retained());
    }),
    { numRuns: 150 },
  );
});

test('where batches end changes neither outcomes nor content', async () => {
  const drafts = fc.array(draft(), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      drafts,
      fc.array(fc.nat(3)),
      fc.array(fc.integer({ min: 1, max: 6 })),
      async (made, ends, cuts) => {
        const { commands, outcomes } = resolve(made, new History());
        const single = await Replica.open();
        for (const command of commands) {
          await single.apply([command]);
          await single.write();
        }
        const grouped = await Replica.open();
        const got: CommandOutcome[] = [];
        for (let at = 0, cut = 0; at < commands.length; cut++) {
          const size = cuts[cut] ?? 5;
          got.push(...(await grouped.apply(commands.slice(at, at + size))));
          if (ends[cut] === 0) await grouped.write();
          at += size;
        }
        await grouped.write();
        expect(got).toEqual(outcomes);
        expect(await grouped.content()).toEqual(await single.content());
      },
    ),
    { numRuns: 100 },
  );
});

test('replay after a crash between any two batches gives the same content', async () => {
  const drafts = fc.array(draft(), { minLength: 1, maxLength: 40 });
  const moments = fc.array(fc.constantFrom('sync', 'write', 'crash', 'none'), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(drafts, moments, async (made, plan) => {
      const { commands } = resolve(made, new History());
      const steady = await Replica.open();
      await steady.apply(commands);
      await steady.write();
      const shaken = await Replica.open();
      for (let turn = 0; shaken.applied < commands.length; turn++) {
        await shaken.apply([commands[shaken.applied]!]);
        const moment = plan[turn];
        if (moment === 'sync' || moment === 'write') await shaken.write({ sync: moment === 'sync' });
        if (moment === 'crash') await shaken.crash();
      }
      await shaken.write();
      expect(await shaken.content()).toEqual(await steady.content());
    }),
    { numRuns: 100 },
  );
});
