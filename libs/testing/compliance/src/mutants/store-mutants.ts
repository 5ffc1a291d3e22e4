import { compareBytes, toHex } from '@caisson/base';
import {
  CaissonError,
  type Cursor,
  type Pair,
  type ReadView,
  type UntrustedStore,
  type UntrustedStores,
  type WritableBatch,
} from '@caisson/contracts';
import { type Files, filedStores } from '../doubles/filed.js';
import { PlainStores } from '../doubles/plain-stores.js';
import type { StoreHarness } from '../store/store-harness.js';
import { type Mutant, override } from './mutant.js';

type StoreMutant = Mutant<StoreHarness>;

export function plainStoreHarness(): StoreHarness {
  const stores = new PlainStores();
  const files: Files = new Map();
  const directory = (name: string) => `/${name}`;
  return {
    stores: filedStores(stores, files),
    directory,
    files: async (name) => files.get(directory(name)) ?? [],
    crash: async () => stores.crash(),
    damage: async (name) => stores.damage(directory(name)),
  };
}

/** Each store opened by the harness passes through `plant`. */
function planted(
  name: string,
  breaks: readonly string[],
  plant: (store: UntrustedStore) => Partial<UntrustedStore>,
): StoreMutant {
  return opened(name, breaks, (stores) => ({
    open: async (directory) => {
      const store = await stores.open(directory);
      return override(store, plant(store));
    },
  }));
}

function opened(
  name: string,
  breaks: readonly string[],
  plant: (stores: UntrustedStores) => Partial<UntrustedStores>,
): StoreMutant {
  const harness = (): StoreHarness => {
    const sound = plainStoreHarness();
    return { ...sound, stores: override(sound.stores, plant(sound.stores)) };
  };
  return { name, breaks: breaks.map((id) => `store/${id}`), harness };
}

function viewing(
  name: string,
  breaks: readonly string[],
  plant: (view: ReadView) => Partial<ReadView>,
): StoreMutant {
  return planted(name, breaks, (store) => ({
    view: (direction) => {
      const view = store.view(direction);
      return override(view, plant(view));
    },
  }));
}

/** Each step of each scan passes through `change`. */
function stepping(
  name: string,
  breaks: readonly string[],
  change: (pairs: readonly Pair[], view: ReadView) => readonly Pair[],
): StoreMutant {
  return viewing(name, breaks, (view) => ({
    scan: (range) => {
      const cursor = view.scan(range);
      return { next: async (limits) => change(await cursor.next(limits), view) };
    },
  }));
}

function batching(
  name: string,
  breaks: readonly string[],
  plant: (batch: WritableBatch, store: UntrustedStore) => Partial<WritableBatch>,
): StoreMutant {
  return planted(name, breaks, (store) => ({
    batch: () => {
      const batch = store.batch();
      return override(batch, plant(batch, store));
    },
  }));
}

const readingMutants: readonly StoreMutant[] = [
  planted('ReadsAbsentAsEmpty', ['finds-what-was-written'], (store) => ({
    get: async (key) => (await store.get(key)) ?? new Uint8Array(0),
  })),
  batching('DropsEmptyValues', ['keeps-empty-keys-and-values'], (batch) => ({
    put(key, value) {
      if (value.length > 0) batch.put(key, value);
      return this as WritableBatch;
    },
  })),
  batching('CutsLargeValues', ['takes-large-keys-and-values'], (batch) => ({
    put(key, value) {
      batch.put(key, value.subarray(0, 1 << 20));
      return this as WritableBatch;
    },
  })),
  planted('ReusesBuffers', ['hands-out-arrays-of-their-own'], (store) => {
    const buffer = new Uint8Array(1 << 10);
    return {
      get: async (key) => {
        const value = await store.get(key);
        if (value === undefined || value.length > buffer.length) return value;
        buffer.set(value);
        return buffer.subarray(0, value.length);
      },
    };
  }),
  planted('ReadsThroughItsViews', ['keeps-a-view-as-it-was'], (store) => ({
    view: (direction) => override(store.view(direction), { get: (key) => store.get(key) }),
  })),
  planted(
    'ReturnsStaleView',
    ['shows-a-new-view-what-was-written', 'gives-each-view-its-own-moment'],
    (store) => {
      const first = new Map<string, ReadView>();
      return {
        view: (direction = 'forward') => {
          const view = first.get(direction) ?? store.view(direction);
          first.set(direction, view);
          return override(view, { close: async () => undefined });
        },
      };
    },
  ),
];

const scanningMutants: readonly StoreMutant[] = [
  stepping('IteratesUnsorted', ['orders-keys-as-unsigned-bytes'], (pairs) =>
    pairs.toSorted((a, b) => toHex(a.key).length - toHex(b.key).length || compareBytes(a.key, b.key)),
  ),
  planted('IgnoresDirection', ['scans-in-reverse'], (store) => ({ view: () => store.view('forward') })),
  viewing('IncludesTheEnd', ['keeps-to-the-range'], (view) => ({
    scan: ({ from, to }) => view.scan(to === undefined ? { from } : { from, to: Uint8Array.of(...to, 0) }),
  })),
  viewing('StartsOverAtTheEnd', ['ends-a-scan-for-ever'], (view) => ({
    scan: (range) => {
      let cursor = view.scan(range);
      return {
        next: async (limits) => {
          const pairs = await cursor.next(limits);
          if (pairs.length === 0) cursor = view.scan(range);
          return pairs;
        },
      };
    },
  })),
  viewing('IgnoresPairLimits', ['cuts-a-step-at-the-pairs-asked-for'], (view) => ({
    scan: (range) =>
      limited(view.scan(range), (cursor, limits) => cursor.next({ ...limits, pairs: 1 << 20 })),
  })),
  viewing('IgnoresByteLimits', ['cuts-a-step-at-the-bytes-asked-for'], (view) => ({
    scan: (range) =>
      limited(view.scan(range), (cursor, limits) => cursor.next({ ...limits, bytes: 1 << 30 })),
  })),
  viewing('StarvesLargePairs', ['moves-on-however-small-the-limit'], (view) => ({
    scan: (range) =>
      limited(view.scan(range), async (cursor, limits) =>
        (limits?.bytes ?? 9) < 9 ? [] : cursor.next(limits),
      ),
  })),
  stepping('SkipsAtTheEdge', ['goes-on-where-a-step-ended'], (pairs) =>
    pairs.length > 60 ? pairs.slice(1) : pairs,
  ),
  viewing('SharesOneCursor', ['lets-cursors-take-turns'], (view) => {
    let shared: Cursor | undefined;
    return { scan: (range) => (shared ??= view.scan(range)) };
  }),
];

const writingMutants: readonly StoreMutant[] = [
  batching('TearsBatches', ['shows-all-of-a-batch-or-nothing'], (batch, store) => {
    const puts: (readonly [Uint8Array, Uint8Array])[] = [];
    return {
      put(key, value) {
        puts.push([key.slice(), value.slice()]);
        batch.put(key, value);
        return this as WritableBatch;
      },
      write: async (options) => {
        for (const [key, value] of puts) {
          await store.batch().put(key, value).write(options);
          for (let turn = 0; turn < 3; turn++) await Promise.resolve();
        }
        await batch.write(options);
      },
    };
  }),
  batching('LetsTheFirstOperationWin', ['lets-the-last-operation-on-a-key-win'], (batch) => {
    const seen = new Set<string>();
    return {
      put(key, value) {
        if (!seen.has(toHex(key))) batch.put(key, value);
        seen.add(toHex(key));
        return this as WritableBatch;
      },
    };
  }),
  batching('CountsKeysNotOperations', ['counts-the-operations-of-a-batch'], (batch) => ({
    get size() {
      return Math.min(batch.size, 2);
    },
  })),
  batching('WritesABatchTwice', ['spends-a-batch-with-its-write'], (batch, store) => {
    const puts: (readonly [Uint8Array, Uint8Array])[] = [];
    return {
      put(key, value) {
        puts.push([key.slice(), value.slice()]);
        return this as WritableBatch;
      },
      write: async (options) => {
        const again = store.batch();
        for (const [key, value] of puts) again.put(key, value);
        await again.write(options);
      },
    };
  }),
  batching('ChokesOnEmptyBatches', ['writes-an-empty-batch'], (batch) => ({
    write: async (options) => {
      if (batch.size === 0) throw new CaissonError('DISK_ERROR');
      await batch.write(options);
    },
  })),
  batching('KeepsArguments', ['copies-what-it-is-given'], (batch) => {
    const puts: (readonly [Uint8Array, Uint8Array])[] = [];
    return {
      put(key, value) {
        puts.push([key, value]);
        return this as WritableBatch;
      },
      write: async (options) => {
        for (const [key, value] of puts) batch.put(key, value);
        await batch.write(options);
      },
    };
  }),
  planted('RemovesWithoutBound', ['removes-a-range-in-bounded-steps'], (store) => ({
    deleteRange: (range) => store.deleteRange(range, 1 << 20),
  })),
  planted('SaysDoneTooEarly', ['removes-a-range-in-bounded-steps'], (store) => ({
    deleteRange: async (range, limit) => ({ ...(await store.deleteRange(range, limit)), more: false }),
  })),
  planted('RemovesTheNeighbour', ['removes-nothing-outside-the-range'], (store) => ({
    deleteRange: ({ from }, limit) => store.deleteRange({ from }, limit),
  })),
  planted('CompactsTooMuch', ['changes-nothing-by-compacting'], (store) => ({
    compact: async (range) => void (range && (await store.deleteRange(range, 1))),
  })),
];

const movingMutants: readonly StoreMutant[] = [
  opened('FindsStoresEverywhere', ['knows-which-directories-hold-one'], () => ({ exists: async () => true })),
  opened('CopiesInsteadOfMoving', ['moves-with-everything-in-it'], (stores) => ({
    move: async (from, to) => {
      await stores.move(from, to);
      await (await stores.open(from)).close();
    },
  })),
  opened('RemovesNothing', ['removes-all-of-a-store'], () => ({ remove: async () => undefined })),
];

const lastingMutants: readonly StoreMutant[] = [
  planted('AnswersAfterClose', ['refuses-work-after-close'], (store) => ({ close: async () => void store })),
  viewing('AnswersFromClosedViews', ['refuses-a-closed-view'], () => ({ close: async () => undefined })),
  planted('AbandonsWhatRuns', ['finishes-what-runs-before-closing'], (store) => {
    let isClosed = false;
    return {
      get: async (key) => {
        await Promise.resolve();
        if (isClosed) throw new CaissonError('STORE_CLOSED');
        return store.get(key);
      },
      close: async () => {
        isClosed = true;
        await Promise.resolve();
        await store.close();
      },
    };
  }),
  opened('OpensTwice', ['refuses-to-open-a-directory-twice'], (stores) => {
    let turn = 0;
    return { open: (directory) => stores.open(`${directory}/${turn++}`) };
  }),
  opened('MixesDirectories', ['keeps-directories-apart'], (stores) => {
    let shared: Promise<UntrustedStore> | undefined;
    return { open: () => (shared ??= stores.open('/shared')) };
  }),
  opened('ForgetsOnClose', ['keeps-its-content-across-reopening'], (stores) => {
    let turn = 0;
    return {
      open: async (directory) => {
        const store = await stores.open(`${directory}/${turn}`);
        return override(store, { close: () => store.close().finally(() => turn++) });
      },
    };
  }),
  batching('ForgetsSync', ['keeps-synced-batches-through-a-crash'], (batch) => ({
    write: () => batch.write({ sync: false }),
  })),
  batching('SyncsParts', ['loses-whole-batches-from-the-end-in-a-crash'], (batch, store) => {
    const puts: (readonly [Uint8Array, Uint8Array])[] = [];
    return {
      put(key, value) {
        puts.push([key.slice(), value.slice()]);
        batch.put(key, value);
        return this as WritableBatch;
      },
      write: async (options) => {
        const [first] = puts;
        if (first !== undefined)
          await store
            .batch()
            .put(...first)
            .write({ sync: true });
        await batch.write(options);
      },
    };
  }),
  opened('HidesDamage', ['never-reads-damage-as-data'], (stores) => ({
    open: async (directory) => {
      const store = await stores.open(directory);
      const view: UntrustedStore['view'] = (direction) => {
        const sound = store.view(direction);
        return override(sound, { scan: (range) => limited(sound.scan(range), skipDamage) });
      };
      return override(store, { view });
    },
  })),
];

const scrubbingMutants: readonly StoreMutant[] = [
  planted('LeavesReplacedValuesInFiles', ['frees-its-files-of-what-was-replaced'], () => ({
    scrub: async () => undefined,
  })),
  planted('ScrubsWhatReadersStillSee', ['waits-for-readers-before-it-frees-its-files'], (store) => {
    let isSeen = false;
    return {
      view: (direction) => {
        isSeen = true;
        return store.view(direction);
      },
      scrub: async () => (isSeen ? undefined : store.scrub?.()),
    };
  }),
];

export const storeMutants: readonly StoreMutant[] = [
  ...scrubbingMutants,
  ...readingMutants,
  ...scanningMutants,
  ...writingMutants,
  ...lastingMutants,
  ...movingMutants,
];

type Next = (cursor: Cursor, limits: Parameters<Cursor['next']>[0]) => Promise<readonly Pair[]>;

function limited(cursor: Cursor, next: Next): Cursor {
  return { next: (limits) => next(cursor, limits) };
}

async function skipDamage(cursor: Cursor, limits: Parameters<Cursor['next']>[0]): Promise<readonly Pair[]> {
  try {
    return await cursor.next(limits);
  } catch {
    return [];
  }
}
