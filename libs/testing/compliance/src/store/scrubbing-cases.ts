import { toUtf8 } from '@caisson/base';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { countInFiles } from '../in-files.js';
import { FILES, openStore, type StoreHarness } from './store-harness.js';

const OLD = Array.from({ length: 40 }, (_, at) => toUtf8(`what row ${at} held at first, in the clear`));

const keyOf = (at: number) => toUtf8(`k${String(at).padStart(3, '0')}`);

/** What was replaced is gone from the disk, and not from the view of a reader only. */
export const scrubbingCases: readonly Case<StoreHarness>[] = [
  {
    id: 'store/frees-its-files-of-what-was-replaced',
    because: 'values from before they were sealed must not be found on a disk that is carried away',
    needs: FILES,
    async run(harness) {
      const store = await openStore(harness);
      const filled = store.batch();
      for (const [at, value] of OLD.entries()) filled.put(keyOf(at), value);
      await filled.write({ sync: true });
      check(countInFiles(await harness.files!('main'), OLD) > 0, 'the search finds what is there');
      const replacing = store.batch();
      for (const at of OLD.keys()) {
        if (at % 2 === 0) replacing.put(keyOf(at), toUtf8('sealed'));
        else replacing.delete(keyOf(at));
      }
      await replacing.write({ sync: false });
      await store.scrub?.();
      checkEqual(countInFiles(await harness.files!('main'), OLD), 0, 'replaced values in files');
      checkEqual(await store.get(keyOf(2)), toUtf8('sealed'), 'a value that stayed');
      checkEqual(await store.get(keyOf(3)), undefined, 'a value that was removed');
    },
  },
  {
    id: 'store/waits-for-readers-before-it-frees-its-files',
    because: 'what an older view shows cannot leave the disk before the view is closed',
    needs: FILES,
    async run(harness) {
      const store = await openStore(harness);
      await store.batch().put(keyOf(0), OLD[0]!).write({ sync: true });
      const view = store.view();
      await store.batch().put(keyOf(0), toUtf8('sealed')).write({ sync: false });
      const scrubbed = store.scrub?.();
      checkEqual(await view.get(keyOf(0)), OLD[0]!, 'the value in the older view');
      await view.close();
      await scrubbed;
      checkEqual(countInFiles(await harness.files!('main'), OLD), 0, 'replaced values in files');
    },
  },
];
