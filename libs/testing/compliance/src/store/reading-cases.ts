import { toUtf8 } from '@caisson/base';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { rowsOf, rowsOfView, START, writeRows } from './rows.js';
import { openStore, type StoreHarness } from './store-harness.js';

const LARGE_VALUE_BYTES = 4 * 1024 * 1024;
const LARGE_KEY_BYTES = 128 * 1024;

/** Pairs go in and come out as they are; views stand still. */
export const readingCases: readonly Case<StoreHarness>[] = [
  {
    id: 'store/finds-what-was-written',
    because: 'absence is an answer, and must not be mistaken for an empty value',
    async run(harness) {
      const store = await openStore(harness);
      checkEqual(await store.get(toUtf8('a')), undefined, 'a key that was never written');
      await writeRows(store, ['a=1', 'b=2']);
      await store.batch().put(toUtf8('a'), toUtf8('3')).delete(toUtf8('b')).write({ sync: false });
      checkEqual(await store.get(toUtf8('a')), toUtf8('3'), 'an overwritten key');
      checkEqual(await store.get(toUtf8('b')), undefined, 'a deleted key');
    },
  },
  {
    id: 'store/keeps-empty-keys-and-values',
    because: 'an empty plaintext opens as empty, not as missing',
    async run(harness) {
      const store = await openStore(harness);
      await store.batch().put(START, toUtf8('v')).put(toUtf8('k'), START).write({ sync: false });
      checkEqual(await store.get(START), toUtf8('v'), 'the value of the empty key');
      checkEqual(await store.get(toUtf8('k')), START, 'an empty value');
      checkEqual(await rowsOf(store), ['=v', 'k='], 'all pairs');
    },
  },
  {
    id: 'store/takes-large-keys-and-values',
    because: 'escaped keys and sealed values are longer than what users hand in',
    async run(harness) {
      const store = await openStore(harness);
      const key = new Uint8Array(LARGE_KEY_BYTES).fill(0x6b);
      const value = Uint8Array.from({ length: LARGE_VALUE_BYTES }, (_, at) => at * 31);
      await store.batch().put(key, value).write({ sync: false });
      checkEqual(await store.get(key), value, 'the large value');
      checkEqual(await store.get(key.subarray(1)), undefined, 'a key that is one byte shorter');
    },
  },
  {
    id: 'store/hands-out-arrays-of-their-own',
    because: 'readers keep and change what they were given, long after the next read',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=first', 'b=other']);
      const view = store.view();
      const held = [await store.get(toUtf8('a')), await view.get(toUtf8('a'))];
      const [pair] = await view.scan({ from: START }).next();
      check(pair !== undefined, 'a scan finds the pair');
      held.push(pair.value, pair.key);
      await store.get(toUtf8('b'));
      checkEqual(held[0], toUtf8('first'), 'what was read before another read');
      for (const bytes of held) bytes?.fill(0);
      checkEqual(
        await store.get(toUtf8('a')),
        toUtf8('first'),
        'the value after readers changed their arrays',
      );
      checkEqual(
        await rowsOfView(view),
        ['a=first', 'b=other'],
        'the view after readers changed their arrays',
      );
      await view.close();
    },
  },
  {
    id: 'store/keeps-a-view-as-it-was',
    because: 'a scan reads one state, however long it takes and whatever is written meanwhile',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1', 'b=2', 'c=3']);
      const view = store.view();
      const started = view.scan({ from: START });
      checkEqual((await started.next({ pairs: 1 })).length, 1, 'pairs of a first step');
      await store
        .batch()
        .put(toUtf8('b'), toUtf8('9'))
        .delete(toUtf8('c'))
        .put(toUtf8('d'), START)
        .write({ sync: false });
      checkEqual(await view.get(toUtf8('b')), toUtf8('2'), 'a value that was overwritten later');
      checkEqual(await view.get(toUtf8('d')), undefined, 'a key that was written later');
      checkEqual(
        (await started.next()).map(({ key }) => key),
        [toUtf8('b'), toUtf8('c')],
        'the rest of a scan',
      );
      checkEqual(await rowsOfView(view), ['a=1', 'b=2', 'c=3'], 'a scan begun after the write');
      await view.close();
    },
  },
  {
    id: 'store/shows-a-new-view-what-was-written',
    because: 'the applier of an entry reads what the entry before it wrote',
    async run(harness) {
      const store = await openStore(harness);
      for (let turn = 0; turn < 5; turn++) {
        await writeRows(store, [`a=${turn}`]);
        const view = store.view();
        checkEqual(await view.get(toUtf8('a')), toUtf8(`${turn}`), 'a value read from a new view');
        checkEqual(await rowsOfView(view), [`a=${turn}`], 'a scan of a new view');
        await view.close();
        await view.close();
      }
    },
  },
  {
    id: 'store/gives-each-view-its-own-moment',
    because: 'transactions at several timestamps are open at once',
    async run(harness) {
      const store = await openStore(harness);
      const views = [store.view()];
      for (let turn = 1; turn < 4; turn++) {
        await writeRows(store, [`k${turn}=${turn}`]);
        views.push(store.view(turn % 2 === 0 ? 'forward' : 'reverse'));
      }
      for (const [count, view] of views.entries()) {
        checkEqual((await rowsOfView(view)).length, count, `pairs in view ${count}`);
      }
      for (const view of views) await view.close();
    },
  },
];
