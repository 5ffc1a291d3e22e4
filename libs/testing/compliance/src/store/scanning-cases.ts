import { fromHex, toUtf8 } from '@caisson/base';
import type { Pair } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { drain, numberedRows, rowOf, rowsOf, rowsOfView, START, writeRows } from './rows.js';
import { openStore, type StoreHarness } from './store-harness.js';

const ORDERED_KEYS = ['', '00', '0000', '0001', '00ff', '01', '7f', '7fff', '80', 'fe', 'ff', 'ff00', 'ffff'];

/** Scans see every pair of the range once, in order, in steps as small as asked for. */
export const scanningCases: readonly Case<StoreHarness>[] = [
  {
    id: 'store/orders-keys-as-unsigned-bytes',
    because: 'version keys encode time and user keys in their order',
    async run(harness) {
      const store = await openStore(harness);
      const batch = store.batch();
      for (const hex of ORDERED_KEYS.toReversed()) batch.put(fromHex(hex)!, toUtf8('v'));
      await batch.write({ sync: false });
      const rows = ORDERED_KEYS.map((hex) => rowOf({ key: fromHex(hex)!, value: toUtf8('v') }));
      checkEqual(await rowsOf(store), rows, 'keys in order');
    },
  },
  {
    id: 'store/scans-in-reverse',
    because: 'the newest version below a timestamp is found from above',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1', 'b=2', 'c=3', 'd=4']);
      const view = store.view('reverse');
      checkEqual(view.direction, 'reverse', 'the direction of the view');
      checkEqual(await rowsOfView(view), ['d=4', 'c=3', 'b=2', 'a=1'], 'all pairs from the end');
      const range = { from: toUtf8('b'), to: toUtf8('d') };
      checkEqual(await rowsOfView(view, range), ['c=3', 'b=2'], 'a range from its end');
      await view.close();
    },
  },
  {
    id: 'store/keeps-to-the-range',
    because: 'ranges are tenants, tables and shards: the end belongs to the neighbour',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1', 'b=2', 'b0=3', 'c=4']);
      const ranges: readonly (readonly [string, string | undefined, readonly string[]])[] = [
        ['b', 'c', ['b=2', 'b0=3']],
        ['aa', 'b', []],
        ['b', 'b', []],
        ['b', 'b0', ['b=2']],
        ['b0', undefined, ['b0=3', 'c=4']],
        ['d', undefined, []],
      ];
      const [up, down] = [store.view('forward'), store.view('reverse')];
      for (const [from, to, rows] of ranges) {
        const range = { from: toUtf8(from), ...(to === undefined ? {} : { to: toUtf8(to) }) };
        checkEqual(await rowsOfView(up, range), rows, `[${from}, ${to ?? 'end'}) forward`);
        checkEqual(await rowsOfView(down, range), rows.toReversed(), `[${from}, ${to ?? 'end'}) in reverse`);
      }
      await up.close();
      await down.close();
    },
  },
  {
    id: 'store/ends-a-scan-for-ever',
    because: 'readers ask until nothing comes, and some ask once more',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1', 'b=2']);
      for (const direction of ['forward', 'reverse'] as const) {
        const view = store.view(direction);
        const cursor = view.scan({ from: START });
        checkEqual((await drain(cursor)).length, 2, 'pairs of the scan');
        for (let again = 0; again < 3; again++) checkEqual(await cursor.next(), [], 'a step after the end');
        await view.close();
      }
    },
  },
  {
    id: 'store/cuts-a-step-at-the-pairs-asked-for',
    because: 'a page must not hold more than its reader can take',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, numberedRows(600));
      const view = store.view();
      checkEqual((await view.scan({ from: START }).next({ pairs: 1 })).length, 1, 'pairs with a limit of 1');
      checkEqual((await view.scan({ from: START }).next({ pairs: 7 })).length, 7, 'pairs with a limit of 7');
      check(
        (await view.scan({ from: START }).next()).length <= 256,
        'a step holds 256 pairs at most by default',
      );
      await view.close();
    },
  },
  {
    id: 'store/cuts-a-step-at-the-bytes-asked-for',
    because: 'values are up to 64 MiB, and a page of them must fit into memory',
    async run(harness) {
      const store = await openStore(harness);
      const batch = store.batch();
      for (let at = 0; at < 20; at++) batch.put(Uint8Array.of(at), new Uint8Array(1000));
      await batch.write({ sync: false });
      for (const direction of ['forward', 'reverse'] as const) {
        const view = store.view(direction);
        const step = await view.scan({ from: START }).next({ bytes: 3500 });
        check(
          step.length > 1 && bytesOf(step.slice(0, -1)) < 3500,
          'a step ends with the pair that fills it',
        );
        await view.close();
      }
    },
  },
  {
    id: 'store/moves-on-however-small-the-limit',
    because: 'a value above the byte limit must not stop a scan for ever',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=long enough', 'b=long enough']);
      const view = store.view();
      checkEqual(
        (await drain(view.scan({ from: START }), { bytes: 1 })).length,
        2,
        'pairs read byte by byte',
      );
      await view.close();
    },
  },
  {
    id: 'store/goes-on-where-a-step-ended',
    because: 'a pair that is skipped or repeated at a page’s edge is lost or invented data',
    async run(harness) {
      const store = await openStore(harness);
      const rows = numberedRows(1000);
      await writeRows(store, rows);
      for (const direction of ['forward', 'reverse'] as const) {
        const view = store.view(direction);
        const expected = direction === 'forward' ? rows : rows.toReversed();
        for (const pairs of [1, 64, 333, 5000]) {
          checkEqual(
            await rowsOfView(view, { from: START }, { pairs }),
            expected,
            `${direction}, ${pairs} at a time`,
          );
        }
        await view.close();
      }
    },
  },
  {
    id: 'store/lets-cursors-take-turns',
    because: 'a reader looks up intents while it walks versions',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1', 'b=2', 'c=3', 'x=7', 'y=8', 'z=9']);
      const view = store.view();
      const low = view.scan({ from: toUtf8('a'), to: toUtf8('d') });
      const high = view.scan({ from: toUtf8('x') });
      const seen: string[] = [];
      for (let turn = 0; turn < 3; turn++) {
        for (const cursor of [low, high]) seen.push(...(await cursor.next({ pairs: 1 })).map(rowOf));
        checkEqual(await view.get(toUtf8('b')), toUtf8('2'), 'a value read between two turns');
      }
      checkEqual(seen, ['a=1', 'x=7', 'b=2', 'y=8', 'c=3', 'z=9'], 'what two cursors saw in turns');
      await view.close();
    },
  },
];

function bytesOf(pairs: readonly Pair[]): number {
  return pairs.reduce((sum, { value }) => sum + value.length, 0);
}
