import { toUtf8 } from '@caisson/base';
import type { Case } from '../case.js';
import { check, checkEqual, checkThrows } from '../check.js';
import { numberedRows, rowsOf, START, writeRows } from './rows.js';
import { openStore, type StoreHarness } from './store-harness.js';

/** Batches are whole, ordered, and copied; ranges go in bounded steps. */
export const writingCases: readonly Case<StoreHarness>[] = [
  {
    id: 'store/shows-all-of-a-batch-or-nothing',
    because: 'effects and the applied index that counts them are one batch',
    async run(harness) {
      const store = await openStore(harness);
      for (let turn = 0; turn < 20; turn++) {
        const batch = store.batch();
        for (let at = 0; at < 50; at++) batch.put(toUtf8(`k${at}`), toUtf8(`${turn}`));
        let isWriting = true;
        const writing = batch.write({ sync: false }).finally(() => (isWriting = false));
        do {
          const view = store.view();
          const seen = [
            await view.get(toUtf8('k0')),
            await view.get(toUtf8('k25')),
            await view.get(toUtf8('k49')),
          ];
          await view.close();
          checkEqual(seen, [seen[0], seen[0], seen[0]], 'three values of one batch in one view');
        } while (isWriting);
        await writing;
      }
    },
  },
  {
    id: 'store/lets-the-last-operation-on-a-key-win',
    because: 'entries that share a batch touch the same keys, in order',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=0', 'b=0']);
      const [a, b, c] = [toUtf8('a'), toUtf8('b'), toUtf8('c')];
      const batch = store.batch().put(a, toUtf8('1')).put(a, toUtf8('2')).delete(b).put(b, toUtf8('3'));
      await batch.put(c, toUtf8('4')).delete(c).write({ sync: false });
      checkEqual(await rowsOf(store), ['a=2', 'b=3'], 'all pairs');
    },
  },
  {
    id: 'store/counts-the-operations-of-a-batch',
    because: 'the engine ends a batch by its size, and a refused entry must leave it unchanged',
    async run(harness) {
      const store = await openStore(harness);
      const batch = store.batch();
      checkEqual(batch.size, 0, 'operations of a new batch');
      batch.put(toUtf8('a'), START).put(toUtf8('a'), START).delete(toUtf8('b'));
      checkEqual(batch.size, 3, 'operations of the batch');
    },
  },
  {
    id: 'store/spends-a-batch-with-its-write',
    because: 'a batch that is written twice would undo what came between',
    async run(harness) {
      const store = await openStore(harness);
      const batch = store.batch().put(toUtf8('a'), toUtf8('1'));
      await batch.write({ sync: false });
      await writeRows(store, ['a=2']);
      await checkThrows(async () => batch.write({ sync: false }), 'a second write of one batch');
      checkEqual(await store.get(toUtf8('a')), toUtf8('2'), 'the value written in between');
    },
  },
  {
    id: 'store/writes-an-empty-batch',
    because: 'a slice of maintenance may find nothing to do',
    async run(harness) {
      const store = await openStore(harness);
      await store.batch().write({ sync: true });
      await writeRows(store, ['a=1']);
      checkEqual(await rowsOf(store), ['a=1'], 'all pairs');
    },
  },
  {
    id: 'store/copies-what-it-is-given',
    because: 'callers encode keys and ranges into memory they use again',
    async run(harness) {
      const store = await openStore(harness);
      const [key, value] = [toUtf8('key'), toUtf8('value')];
      const batch = store.batch().put(key, value);
      value.fill(0x21);
      key.fill(0x21);
      await batch.write({ sync: false });
      checkEqual(await rowsOf(store), ['key=value'], 'the pair after its arrays were used again');
      const [from, to] = [toUtf8('a'), toUtf8('z')];
      const view = store.view();
      const cursor = view.scan({ from, to });
      from.fill(0x7a);
      to.fill(0x61);
      checkEqual((await cursor.next()).length, 1, 'pairs of a scan whose range arrays were used again');
      await view.close();
    },
  },
  {
    id: 'store/removes-a-range-in-bounded-steps',
    because: 'the writer must not stop for as long as a range is large',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, numberedRows(250));
      const range = { from: START };
      let calls = 0;
      for (let more = true; more; calls++) {
        const before = (await rowsOf(store)).length;
        const progress = await store.deleteRange(range, 100);
        const left = (await rowsOf(store)).length;
        check(progress.deleted <= 100, 'one call removes no more than its limit');
        check(progress.deleted > 0 || left === 0, 'every call but the last removes something');
        checkEqual(before - left, progress.deleted, 'keys that are gone');
        ({ more } = progress);
        check(more || left === 0, 'nothing is left once a call says so');
        check(calls < 10, 'a range of 250 keys is gone after ten calls of 100');
      }
    },
  },
  {
    id: 'store/removes-nothing-outside-the-range',
    because: 'what lies beside a dropped range belongs to somebody else',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1', 'b=2', 'b0=3', 'c=4']);
      const view = store.view();
      await store.deleteRange({ from: toUtf8('b'), to: toUtf8('c') }, 10);
      checkEqual(await rowsOf(store), ['a=1', 'c=4'], 'what is left');
      checkEqual(await view.get(toUtf8('b')), toUtf8('2'), 'a removed key in an older view');
      await view.close();
      const nothing = await store.deleteRange({ from: toUtf8('d') }, 10);
      checkEqual(nothing, { deleted: 0, more: false }, 'the progress over an empty range');
      await writeRows(store, ['b=5']);
      checkEqual(
        await store.get(toUtf8('b')),
        toUtf8('5'),
        'a key written again after its range was removed',
      );
    },
  },
  {
    id: 'store/changes-nothing-by-compacting',
    because: 'space is reclaimed while readers and the writer go on',
    async run(harness) {
      const store = await openStore(harness);
      const rows = numberedRows(300);
      await writeRows(store, rows);
      await store.deleteRange({ from: toUtf8('k00200') }, 1000);
      const view = store.view();
      await store.compact();
      await store.compact({ from: toUtf8('k00000'), to: toUtf8('k00100') });
      checkEqual(await rowsOf(store), rows.slice(0, 200), 'all pairs after compaction');
      checkEqual(await view.get(toUtf8('k00199')), toUtf8('v199'), 'a value in an older view');
      await view.close();
    },
  },
];
