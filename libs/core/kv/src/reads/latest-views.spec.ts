import { createDeferred } from '@caisson/base';
import { CaissonError, type ReadableStore, type ReadView } from '@caisson/contracts';
import type { Snapshot } from '@caisson/mvcc';
import { LatestViews } from './latest-views.js';

/** A store with nothing in it, that tells how often it was looked at. */
class Counting {
  opened = 0;
  open = 0;
  failure: CaissonError | undefined;

  readonly store = {
    side: 'plaintext',
    durable: false,
    view: (): ReadView => this.#view(),
  } as unknown as ReadableStore;

  #view(): ReadView {
    this.opened++;
    this.open++;
    const { failure } = this;
    return {
      direction: 'forward',
      get: () => (failure ? Promise.reject(failure) : Promise.resolve(undefined)),
      scan: () => ({ next: () => Promise.resolve([]) }),
      close: async () => void this.open--,
    };
  }
}

function bench() {
  const counting = new Counting();
  return { counting, views: new LatestViews(() => counting.store) };
}

const nothing = (): Promise<void> => Promise.resolve();

test('reads that meet share one view, which the last of them closes', async () => {
  const { counting, views } = bench();
  const held = createDeferred<void>();
  const seen: Snapshot[] = [];
  const first = views.during(5, async (snapshot) => {
    seen.push(snapshot);
    await held.promise;
  });
  await views.during(5, async (snapshot) => void seen.push(snapshot));
  await views.during(4, async (snapshot) => void seen.push(snapshot));
  expect([counting.opened, counting.open]).toEqual([1, 1]);
  held.resolve();
  await first;
  expect(new Set(seen).size).toBe(1);
  expect(counting.open).toBe(0);
  await views.during(5, nothing);
  expect([counting.opened, counting.open]).toEqual([2, 0]);
});

test('a read never joins a view that may not show what its barrier found applied', async () => {
  const { counting, views } = bench();
  const held = createDeferred<void>();
  const old = views.during(5, () => held.promise);
  const fresh = views.during(6, () => held.promise);
  expect(counting.opened).toBe(2);
  await views.during(6, nothing);
  await views.during(5, nothing);
  expect(counting.opened).toBe(2);
  held.resolve();
  await Promise.all([old, fresh]);
  expect(counting.open).toBe(0);
});

test('so many share a view and no more, however many meet', async () => {
  const { counting, views } = bench();
  await Promise.all(Array.from({ length: 40 }, () => views.during(1, nothing)));
  expect([counting.opened, counting.open]).toEqual([3, 0]);
});

test('a view that cannot be opened fails those who wait for it and nobody after them', async () => {
  const { counting, views } = bench();
  counting.failure = new CaissonError('DISK_ERROR');
  const outcomes = await Promise.allSettled([views.during(1, nothing), views.during(1, nothing)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect([counting.opened, counting.open]).toEqual([1, 0]);
  counting.failure = undefined;
  await views.during(1, nothing);
  expect([counting.opened, counting.open]).toEqual([2, 0]);
});

test('a read that fails leaves the view to the others', async () => {
  const { counting, views } = bench();
  const failing = views.during(1, () => Promise.reject(new CaissonError('CORRUPTION')));
  const other = views.during(1, async () => 'found');
  await expect(failing).rejects.toMatchObject({ code: 'CORRUPTION' });
  expect(await other).toBe('found');
  expect(counting.open).toBe(0);
});
