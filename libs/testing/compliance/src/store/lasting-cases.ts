import { toUtf8 } from '@caisson/base';
import { isCaissonError } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual, checkFails } from '../check.js';
import { numberedRows, type Rows, rowsOf, START, writeRows } from './rows.js';
import { DAMAGE, DURABLE, openStore, type StoreHarness, SYNCED_CRASH } from './store-harness.js';

/** Opening, closing, and what outlives a process or a loss of power. */
export const lastingCases: readonly Case<StoreHarness>[] = [
  {
    id: 'store/refuses-work-after-close',
    because: 'a caller that outlives its host must not write into a directory another process may hold',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1']);
      const [view, batch] = [store.view(), store.batch().put(toUtf8('b'), START)];
      await store.close();
      await checkFails(() => store.get(toUtf8('a')), 'STORE_CLOSED', 'get');
      await checkFails(() => store.view(), 'STORE_CLOSED', 'view');
      await checkFails(() => view.get(toUtf8('a')), 'STORE_CLOSED', 'get of an open view');
      await checkFails(() => batch.write({ sync: true }), 'STORE_CLOSED', 'write');
      await checkFails(() => store.deleteRange({ from: START }, 1), 'STORE_CLOSED', 'deleteRange');
      await store.close();
    },
  },
  {
    id: 'store/refuses-a-closed-view',
    because: 'a reader that goes on after giving its state back would read another one',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1', 'b=2']);
      const view = store.view();
      const cursor = view.scan({ from: START });
      await cursor.next({ pairs: 1 });
      await view.close();
      await checkFails(() => view.get(toUtf8('a')), 'STORE_CLOSED', 'get of a closed view');
      await checkFails(() => cursor.next(), 'STORE_CLOSED', 'next of a closed view’s cursor');
    },
  },
  {
    id: 'store/finishes-what-runs-before-closing',
    because: 'a stop answers the requests it has accepted',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1']);
      const reading = store.get(toUtf8('a'));
      const writing = writeRows(store, ['b=2']);
      await store.close();
      checkEqual(await reading, toUtf8('1'), 'a read that ran when the store was closed');
      await writing;
    },
  },
  {
    id: 'store/refuses-to-open-a-directory-twice',
    because: 'two writers on one directory destroy it',
    async run(harness) {
      const store = await openStore(harness);
      await checkFails(() => openStore(harness), 'DIRECTORY_LOCKED', 'a second open');
      await writeRows(store, ['a=1']);
      await store.close();
      await (await openStore(harness)).close();
    },
  },
  {
    id: 'store/keeps-directories-apart',
    because: 'each group of a node has a store of its own, and a snapshot is installed beside it',
    async run(harness) {
      const [one, other] = [await openStore(harness, 'one'), await openStore(harness, 'other')];
      await writeRows(one, ['a=1']);
      await writeRows(other, ['b=2']);
      checkEqual([await rowsOf(one), await rowsOf(other)], [['a=1'], ['b=2']], 'pairs of two stores');
      await one.close();
      await other.close();
    },
  },
  {
    id: 'store/keeps-its-content-across-reopening',
    because: 'a stopped node starts where it was, also with batches that were never synced',
    needs: DURABLE,
    async run(harness) {
      const rows = numberedRows(500);
      const before = await openStore(harness);
      await writeRows(before, rows, true);
      await before.deleteRange({ from: toUtf8('k00400') }, 1000);
      await writeRows(before, ['z=unsynced']);
      await before.close();
      const after = await openStore(harness);
      checkEqual(await rowsOf(after), [...rows.slice(0, 400), 'z=unsynced'], 'all pairs after reopening');
    },
  },
  {
    id: 'store/keeps-synced-batches-through-a-crash',
    because: 'an entry counts as applied, and its keys as known, on the strength of a synced batch',
    needs: SYNCED_CRASH,
    async run(harness) {
      const before = await openStore(harness);
      await writeRows(before, ['a=unsynced']);
      await writeRows(before, ['b=synced'], true);
      await harness.crash!();
      const after = await openStore(harness);
      checkEqual(await rowsOf(after), ['a=unsynced', 'b=synced'], 'a synced batch and the one before it');
    },
  },
  {
    id: 'store/loses-whole-batches-from-the-end-in-a-crash',
    because: 'replay starts at the applied index in the store, and repeats everything after it',
    needs: SYNCED_CRASH,
    async run(harness) {
      const before = await openStore(harness);
      await writeRows(before, batchRows(0), true);
      for (let number = 1; number < 8; number++) await writeRows(before, batchRows(number));
      await harness.crash!();
      const after = await openStore(harness);
      const left = await rowsOf(after);
      const whole = Array.from({ length: 8 }, (_, number) => rowsUpTo(number));
      check(
        whole.some((rows) => rows.join() === left.join()),
        'a crash leaves whole batches, none after a gap',
      );
    },
  },
  {
    id: 'store/never-reads-damage-as-data',
    because: 'a batch that vanished in silence would look like a history that never happened',
    needs: DAMAGE,
    async run(harness) {
      const rows = numberedRows(200);
      const before = await openStore(harness);
      await writeRows(before, rows, true);
      await before.close();
      await harness.damage!('main');
      checkEqual(await readOrCorruption(harness), rows, 'what is read from damaged files');
    },
  },
];

function batchRows(number: number): Rows {
  return [`a${number}=${number}`, `b${number}=${number}`, `c${number}=${number}`];
}

function rowsUpTo(number: number): Rows {
  const rows = Array.from({ length: number + 1 }, (_, at) => batchRows(at)).flat();
  return rows.toSorted();
}

/** The pairs, also where the store noticed: then there is nothing to complain about. */
async function readOrCorruption(harness: StoreHarness): Promise<Rows> {
  try {
    return await rowsOf(await openStore(harness));
  } catch (error) {
    if (isCaissonError(error, 'CORRUPTION')) return numberedRows(200);
    throw error;
  }
}
