import { PlainStores } from '@caisson/compliance';
import { toHex } from '@caisson/base';
import type { KeyRange, OrderedStore, ReadView, UntrustedStore } from '@caisson/contracts';
import fc from 'fast-check';
import { MemoryStores } from './memory-stores.js';

const key = fc.uint8Array({ maxLength: 2 });
const range = fc.record({ from: key, to: fc.option(key, { nil: undefined }) });
const step = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    sync: fc.boolean(),
    changes: fc.array(fc.record({ key, value: fc.option(key, { nil: undefined }) }), { maxLength: 12 }),
  }),
  fc.record({ do: fc.constant('deleteRange' as const), range, limit: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ do: fc.constant('open view' as const), direction: fc.constantFrom('forward', 'reverse') }),
  fc.record({ do: fc.constant('scan' as const), range, pairs: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('crash' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Runs steps on one store and writes down everything that can be seen. */
async function seen(stores: MemoryStores | PlainStores, steps: readonly Step[]): Promise<string[]> {
  const log: string[] = [];
  let store: UntrustedStore = await stores.open('/model');
  let views: ReadView[] = [];
  for (const each of steps) {
    if (each.do === 'crash') {
      stores.crash();
      views = [];
      store = await stores.open('/model');
    } else if (each.do === 'open view') {
      views.push(store.view(each.direction as ReadView['direction']));
    } else {
      log.push(await seenOf(store, views, each));
    }
  }
  for (const view of [...views, store.view(), store.view('reverse')]) {
    log.push(await scanned(view, { from: new Uint8Array(0) }, 1000));
  }
  return log;
}

async function seenOf(store: OrderedStore, views: readonly ReadView[], each: Step): Promise<string> {
  if (each.do === 'deleteRange') {
    return JSON.stringify(await store.deleteRange(bounded(each.range), each.limit));
  }
  if (each.do === 'scan') {
    const scans = views.map((view) => scanned(view, bounded(each.range), each.pairs));
    return (await Promise.all(scans)).join(' | ');
  }
  if (each.do !== 'write') return each.do;
  const batch = store.batch();
  for (const change of each.changes) {
    if (change.value === undefined) batch.delete(change.key);
    else batch.put(change.key, change.value);
  }
  await batch.write({ sync: each.sync });
  const found = await Promise.all(each.changes.map((change) => store.get(change.key)));
  return found.map((value) => (value === undefined ? '-' : toHex(value))).join();
}

async function scanned(view: ReadView, within: KeyRange, pairs: number): Promise<string> {
  const cursor = view.scan(within);
  const rows: string[] = [];
  for (let page = await cursor.next({ pairs }); page.length > 0; page = await cursor.next({ pairs })) {
    rows.push(page.map((pair) => `${toHex(pair.key)}=${toHex(pair.value)}`).join());
  }
  return `${view.direction}: ${rows.join(' ')}`;
}

function bounded({ from, to }: { from: Uint8Array; to: Uint8Array | undefined }): KeyRange {
  return to === undefined ? { from } : { from, to };
}

test('whatever is done to it looks like a sorted array that every batch replaces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      expect(await seen(new MemoryStores(), steps)).toEqual(await seen(new PlainStores(), steps));
    }),
    { numRuns: 300 },
  );
});
