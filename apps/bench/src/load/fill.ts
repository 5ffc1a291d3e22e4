import { connect } from '@caisson/client';
import { randomBytes } from 'node:crypto';
import { drive, keyAt } from './drive.js';

const PUTS_PER_WRITE = 250;
const WRITES_AT_ONCE = 4;

export interface Filling {
  readonly keys: number;
  readonly versionsPerKey: number;
  readonly valueBytes: number;
}

/** Writes every key so many times, many keys in each write. */
export async function fill(address: string, filling: Filling): Promise<void> {
  const { keys, versionsPerKey, valueBytes } = filling;
  const client = connect({ address, deadlineMs: 120_000, requestIds: false });
  const operations = Math.ceil(keys / PUTS_PER_WRITE);
  try {
    for (let version = 0; version < versionsPerKey; version++) {
      const value = new Uint8Array(randomBytes(valueBytes));
      await drive({ operations, atOnce: WRITES_AT_ONCE }, (at) => {
        const first = at * PUTS_PER_WRITE;
        const length = Math.min(PUTS_PER_WRITE, keys - first);
        const put = (_: unknown, n: number) => ({ op: 'put' as const, key: keyAt(first + n), value });
        return client.write({ mutations: Array.from({ length }, put) });
      });
    }
  } finally {
    client.close();
  }
}
