import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { rowsOf, writeRows } from './rows.js';
import { openStore, type StoreHarness } from './store-harness.js';

/** Stores as wholes: an installed snapshot takes the place of the store it replaces. */
export const movingCases: readonly Case<StoreHarness>[] = [
  {
    id: 'store/knows-which-directories-hold-one',
    because: 'what a crash interrupted is told from what is left of it',
    async run(harness) {
      const [one, other] = [harness.directory('one'), harness.directory('other')];
      check(!(await harness.stores.exists(one)), 'there is nothing before the first opening');
      const store = await harness.stores.open(one);
      check(await harness.stores.exists(one), 'an open store exists');
      await store.close();
      check(await harness.stores.exists(one), 'a closed store exists');
      check(!(await harness.stores.exists(other)), 'its neighbour does not');
    },
  },
  {
    id: 'store/moves-with-everything-in-it',
    because: 'a received state becomes the state in use by one step that happens or does not',
    async run(harness) {
      const [from, to] = [harness.directory('from'), harness.directory('to')];
      const before = await openStore(harness, 'from');
      await writeRows(before, ['a=1', 'b=2'], true);
      await before.close();
      await harness.stores.move(from, to);
      check(!(await harness.stores.exists(from)), 'nothing is left at the old place');
      const after = await openStore(harness, 'to');
      checkEqual(await rowsOf(after), ['a=1', 'b=2'], 'all pairs at the new place');
      await writeRows(after, ['c=3'], true);
      await after.close();
    },
  },
  {
    id: 'store/removes-all-of-a-store',
    because: 'a state that was replaced or refused must neither fill the disk nor come back',
    async run(harness) {
      const store = await openStore(harness);
      await writeRows(store, ['a=1'], true);
      await store.close();
      await harness.stores.remove(harness.directory('main'));
      check(!(await harness.stores.exists(harness.directory('main'))), 'the store is gone');
      await harness.stores.remove(harness.directory('main'));
      const anew = await openStore(harness);
      checkEqual(await rowsOf(anew), [], 'all pairs of a new store at its place');
      await anew.close();
    },
  },
];
