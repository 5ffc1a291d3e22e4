import { CaissonError, type OrderedStore, type StoreBatch, type StoreCapabilities } from '@caisson/contracts';
import {
  decodeWriterRow,
  encodeWriterRow,
  nodeId16,
  systemKey,
  writerRegistryKey,
  writerRegistryPrefix,
  type WriterRow,
} from '@caisson/formats';
import { UsageRows } from '../usage/usage-rows.js';

/** Rows of the system table, below the encryption door. Keys are without their table byte. */
export interface WriterRegistryStore {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Values of all rows whose key begins with `prefix`, in the order of their keys. */
  list(prefix: Uint8Array): Promise<readonly Uint8Array[]>;
  /** Takes effect with the batch, which its owner writes synced. */
  set(key: Uint8Array, value: Uint8Array, batch: StoreBatch): void;
  remove(key: Uint8Array, batch: StoreBatch): void;
}

/**
 * The registry's rows in a group's store. A store that cannot give synced writes is refused here, at the
 * start, rather than deep inside apply: a lost row would let an epoch be used twice.
 */
export function openWriterRegistryStore(
  store: Pick<OrderedStore, 'get' | 'view'> | undefined,
  capabilities: StoreCapabilities | undefined,
): WriterRegistryStore {
  if (store === undefined || capabilities?.syncedWrites !== true) {
    throw new CaissonError('UNSUPPORTED_STORE_FOR_WRITER_REGISTRY');
  }
  return {
    get: (key) => store.get(systemKey(key)),
    list: (prefix) => listRows(store, systemKey(prefix)),
    set: (key, value, batch) => void batch.put(systemKey(key), value),
    remove: (key, batch) => void batch.delete(systemKey(key)),
  };
}

async function listRows(store: Pick<OrderedStore, 'view'>, from: Uint8Array): Promise<readonly Uint8Array[]> {
  const view = store.view();
  try {
    const cursor = view.scan({ from, to: prefixEnd(from) });
    const values: Uint8Array[] = [];
    for (let page = await cursor.next(); page.length > 0; page = await cursor.next()) {
      values.push(...page.map(({ value }) => value));
    }
    return values;
  } finally {
    await view.close();
  }
}

/** The prefix of a registry ends in a separator, never in 0xFF. */
function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice();
  end[end.length - 1]! += 1;
  return end;
}

/** Which node may have sealed under which DEK, and up to which epoch. */
export class WriterRegistry {
  /** How much each of them has sealed. */
  readonly usage: UsageRows;
  readonly #store: WriterRegistryStore;

  constructor(store: WriterRegistryStore) {
    this.usage = new UsageRows(store);
    this.#store = store;
  }

  /** The row at the 16 bits that enter the nonces; whose it is, the row itself says. */
  async row(dekId: number, fullNodeId: bigint): Promise<WriterRow | undefined> {
    const value = await this.#store.get(writerRegistryKey(dekId, nodeId16(fullNodeId)));
    return value === undefined ? undefined : decodeWriterRow(value);
  }

  /** Everybody with a row under the key, in the order of the rows; removed members included. */
  async writersOf(dekId: number): Promise<readonly bigint[]> {
    const rows = await this.#store.list(writerRegistryPrefix(dekId));
    return rows.map((row) => decodeWriterRow(row).fullNodeId);
  }

  put(dekId: number, row: WriterRow, batch: StoreBatch): void {
    this.#store.set(writerRegistryKey(dekId, nodeId16(row.fullNodeId)), encodeWriterRow(row), batch);
  }

  remove(dekId: number, fullNodeId: bigint, batch: StoreBatch): void {
    this.#store.remove(writerRegistryKey(dekId, nodeId16(fullNodeId)), batch);
  }
}
