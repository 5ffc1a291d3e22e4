import { CaissonError, type GroupEncryption, type RaftLog, type Store } from '@caisson/contracts';
import { MemoryLogs, PlainStores } from '@caisson/compliance';
import { AppliedPosition } from '../reading/applied-position.js';
import { WriterQueue } from '../writing/writer-queue.js';
import { groupScrub } from './group-scrub.js';

const ORDER = { id: 1n, through: 5 };

interface Bench {
  readonly position: AppliedPosition;
  readonly did: string[];
  log: RaftLog;
  scrubStore: () => Promise<void>;
  durable: boolean;
  /** How far the log may be shortened; more with every try. */
  allowed: number[];
  tidied: boolean[];
}

let bench: Bench;

beforeEach(async () => {
  const log = await new MemoryLogs().open('/log');
  const entries = Array.from({ length: 9 }, (_, at) => at + 1).map((index) => {
    return { index, term: 1, kind: 'normal' as const, data: Uint8Array.of(index) };
  });
  await log.append({ entries });
  const position = new AppliedPosition(9);
  bench = {
    position,
    did: [],
    log,
    scrubStore: async () => undefined,
    durable: true,
    allowed: [9],
    tidied: [true],
  };
});

async function scrub(signal = new AbortController().signal): Promise<void> {
  const { did, log, position } = bench;
  const store = await new PlainStores().open('/store');
  const encryption: Pick<GroupEncryption, 'store' | 'scrub'> = {
    store: Object.assign(store, { side: 'plaintext', durable: bench.durable }) as unknown as Store,
    scrub: async () => {
      did.push('store');
      await bench.scrubStore();
    },
  };
  const work = groupScrub({
    log: Object.assign(log, { scrub: async () => void did.push('log files') }),
    encryption,
    writer: new WriterQueue(),
    position,
    clock: { sleep: async () => void did.push('sleep') },
    logger: { log: () => undefined, child: () => undefined as never },
    refusal: () => undefined,
    shorten: async (index) => {
      did.push('shorten');
      await log.compact(Math.min(index, bench.allowed.shift() ?? 9));
    },
    tidy: async () => bench.tidied.shift() ?? true,
  });
  await work(ORDER, (stage) => void did.push(`stage ${stage}`), signal);
}

test('entries leave the log, then its files, and then replaced values the store', async () => {
  await scrub();
  expect(bench.did).toEqual(['stage log', 'shorten', 'log files', 'stage store', 'store']);
  expect(bench.log.start.index).toBe(5);
});

test('a log that is long enough gone is not shortened further', async () => {
  await bench.log.compact(7);
  await scrub();
  expect(bench.did).toEqual(['stage log', 'log files', 'stage store', 'store']);
});

test('it waits for entries that are not applied yet', async () => {
  bench = { ...bench, position: new AppliedPosition(4) };
  const scrubbed = scrub();
  await new Promise((resolve) => setImmediate(resolve));
  expect(bench.did).toEqual([]);
  bench.position.advance(5);
  await scrubbed;
  expect(bench.did.at(-1)).toBe('store');
});

test('while somebody is fed from the log, or a state is received, it comes back', async () => {
  bench.allowed = [2, 3, 5];
  bench.tidied = [false, true];
  await scrub();
  const again = ['shorten', 'sleep', 'shorten', 'sleep', 'shorten', 'log files', 'sleep', 'stage store'];
  expect(bench.did).toEqual(['stage log', ...again, 'store']);
});

test('a store that was replaced meanwhile is freed in its turn', async () => {
  let tries = 0;
  bench.scrubStore = async () => {
    if (++tries === 1) throw new CaissonError('STORE_CLOSED');
  };
  await scrub();
  expect(bench.did.slice(-3)).toEqual(['store', 'sleep', 'store']);
});

test('a store that forgets needs its whole log, and keeps it', async () => {
  bench.durable = false;
  await expect(scrub()).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  expect(bench.log.start.index).toBe(0);
});
