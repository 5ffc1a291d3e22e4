import { copyBytes, createDeferred, type Deferred } from '@caisson/base';
import type { RaftLog, RaftLogs, UntrustedStore, UntrustedStores, WritableBatch } from '@caisson/contracts';
import { override } from '../mutants/mutant.js';

/** By directory, everything that was ever written and has not been scrubbed away. */
export type Files = Map<string, Uint8Array[]>;

/** Stores that leave what they replace lying about, as stores with files do, until they are scrubbed. */
export function filedStores(stores: UntrustedStores, files: Files): UntrustedStores {
  return override(stores, {
    open: async (directory) => filedStore(await stores.open(directory), fileOf(files, directory)),
  });
}

function filedStore(store: UntrustedStore, file: Uint8Array[]): UntrustedStore {
  const views = new Set<Deferred<void>>();
  return override(store, {
    batch: () => {
      const batch = store.batch();
      const whole: WritableBatch = override<WritableBatch>(batch, {
        put(key, value) {
          file.push(copyBytes(value));
          batch.put(key, value);
          return whole;
        },
      });
      return whole;
    },
    view: (direction) => {
      const view = store.view(direction);
      const closed = createDeferred<void>();
      views.add(closed);
      const close = async () => {
        await view.close();
        views.delete(closed);
        closed.resolve();
      };
      return override(view, { close });
    },
    scrub: async () => {
      await Promise.all([...views].map(({ promise }) => promise));
      file.length = 0;
      const view = store.view();
      const live = await view.scan({ from: new Uint8Array(0) }).next({ pairs: 10_000, bytes: 1e9 });
      await view.close();
      file.push(...live.map(({ value }) => value));
    },
  });
}

/** The same for logs. */
export function filedLogs(logs: RaftLogs, files: Files): RaftLogs {
  return override(logs, {
    open: async (directory, signal) => filedLog(await logs.open(directory, signal), fileOf(files, directory)),
  });
}

function filedLog(log: RaftLog, file: Uint8Array[]): RaftLog {
  return override(log, {
    append: async (append) => {
      file.push(...append.entries.map(({ data }) => copyBytes(data)));
      await log.append(append);
    },
    scrub: async () => {
      file.length = 0;
      const { start, last } = log;
      const live = last > start.index ? await log.read(start.index + 1, last, Infinity) : [];
      file.push(...live.map(({ data }) => data));
    },
  });
}

function fileOf(files: Files, directory: string): Uint8Array[] {
  const file = files.get(directory) ?? [];
  files.set(directory, file);
  return file;
}
