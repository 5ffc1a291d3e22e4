import type { ReadPage } from '@caisson/client';
import { CaissonError } from '@caisson/contracts';
import { HeldDirectory } from '@caisson/data-directory';
import { AUDIT_HEAD_KEY, auditLineRange, decodeAuditLineKey } from '@caisson/formats';
import { NodeDisk } from '@caisson/platform-node';
import { RocksdbStores } from '@caisson/store-rocksdb';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mirrorDirectory } from './mirror.js';

/** The record in a directory, in the first of its groups. Rows are stored clear: no KEK is needed. */
export async function* storedAuditPages(dataDir: string): AsyncGenerator<Pick<ReadPage, 'rows' | 'head'>> {
  const mirror = await mirrorDirectory(dataDir);
  const directory = new HeldDirectory(new NodeDisk(), mirror.path);
  try {
    await directory.open();
    const store = await new RocksdbStores().open(directory.group(await firstGroup(mirror.path)).store);
    const view = store.view();
    try {
      const cursor = view.scan(auditLineRange(0));
      for (let pairs = await cursor.next(); pairs.length > 0; pairs = await cursor.next())
        yield {
          rows: pairs.map(({ key, value }) => ({ number: decodeAuditLineKey(key), row: value })),
          head: new Uint8Array(0),
        };
      yield { rows: [], head: (await view.get(AUDIT_HEAD_KEY)) ?? new Uint8Array(0) };
    } finally {
      await view.close();
      await store.close();
    }
  } finally {
    await directory.close();
    await mirror.close();
  }
}

async function firstGroup(path: string): Promise<number> {
  const names = await readdir(join(path, 'groups')).catch(() => []);
  const [first] = names.map(Number).sort((a, b) => a - b);
  if (first !== undefined) return first;
  throw new CaissonError('INVALID_ARGUMENT', { field: 'data-dir', limit: 'a node that has run' });
}
