import { fromHex, fromUtf8, toHex, toUtf8 } from '@caisson/base';
import { CaissonError, type IncomingSnapshot, type RaftLog, type Store } from '@caisson/contracts';
import { decodeMembership, SYSTEM_KEYS } from '@caisson/formats';
import type {
  GroupSnapshots,
  NodeSnapshots,
  OpenSnapshot,
  SnapshotPoint,
  VerifiedSnapshot,
} from '@caisson/node';

const NODE_ROWS = Uint8Array.of(0x06);

interface Sent {
  readonly point: SnapshotPoint;
  readonly rows: readonly (readonly [string, string])[];
}

/** Snapshots of one group: all rows in one piece of JSON, and no crash on the way. */
export class ToySnapshots implements NodeSnapshots, GroupSnapshots {
  readonly #store: () => Store;
  installed = 0;
  sent = 0;
  /** How many streams are refused before one is taken. */
  refusals = 0;

  constructor(store: () => Store) {
    this.#store = store;
  }

  group(): GroupSnapshots {
    return this;
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {}

  async open(point: SnapshotPoint, frame: Uint8Array): Promise<OpenSnapshot> {
    const view = this.#store().view();
    const rows: [string, string][] = [];
    const cursor = view.scan({ from: new Uint8Array(0), to: NODE_ROWS });
    for (let page = await cursor.next(); page.length > 0; page = await cursor.next()) {
      for (const { key, value } of page) rows.push([toHex(key), toHex(value)]);
    }
    await view.close();
    this.sent++;
    const bytes = toUtf8(JSON.stringify({ point, rows } satisfies Sent));
    const id = new Uint8Array(16).fill(this.sent);
    return { outgoing: { id, frame, chunks: () => once(bytes) }, close: async () => undefined };
  }

  async keptChunks(): Promise<number> {
    return 0;
  }

  async receive(_from: IncomingSnapshot, chunks: AsyncIterable<Uint8Array>): Promise<VerifiedSnapshot> {
    if (this.refusals-- > 0) throw new CaissonError('SNAPSHOT_INVALID');
    let text = '';
    for await (const chunk of chunks) text += fromUtf8(chunk);
    const { point, rows } = JSON.parse(text) as Sent;
    const pairs = rows.map(([key, value]) => ({ key: fromHex(key)!, value: fromHex(value)! }));
    const membership = pairs.find(({ key }) => toHex(key) === toHex(SYSTEM_KEYS.membership))!.value;
    return {
      point,
      membership: decodeMembership(membership),
      install: async (log, { term, vote }) => {
        this.installed++;
        await replaceRows(this.#store(), pairs);
        await resetLog(log, point, { term, vote });
      },
      discard: async () => undefined,
    };
  }
}

async function replaceRows(
  store: Store,
  pairs: readonly { key: Uint8Array; value: Uint8Array }[],
): Promise<void> {
  await store.deleteRange({ from: new Uint8Array(0), to: NODE_ROWS }, 1_000_000);
  const batch = store.batch();
  for (const { key, value } of pairs) batch.put(key, value);
  await batch.write({ sync: true });
}

async function resetLog(
  log: RaftLog,
  point: SnapshotPoint,
  promise: { readonly term: number; readonly vote: bigint },
): Promise<void> {
  await log.reset(point, { ...promise, commit: point.index });
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
