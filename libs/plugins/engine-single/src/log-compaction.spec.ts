import type { RaftLog, Store } from '@caisson/contracts';
import type { AppliedPosition, WriterQueue } from '@caisson/node';
import { LogCompaction } from './log-compaction.js';

function compactionOf(durable: boolean): LogCompaction {
  return new LogCompaction({
    log: { start: { index: 0, term: 0 } } as RaftLog,
    store: { durable } as Store,
    writer: {} as WriterQueue,
    position: { value: 1_000 } as AppliedPosition,
    limits: { entries: 10, bytes: 1_000_000, keepEntries: 3 },
  });
}

test('the log of a store that forgets is kept whole, because nothing else brings it back', () => {
  expect(compactionOf(true).due).toBe(true);
  expect(compactionOf(false).due).toBe(false);
});
