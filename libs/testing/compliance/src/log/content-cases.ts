import type { LogEntry } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { entries, entry, EVERYTHING, type LogHarness, openLog, plain } from './log-harness.js';

/** What a log holds while it is open. */
export const contentCases: readonly Case<LogHarness>[] = [
  {
    id: 'log/starts-empty',
    because: 'a node that has promised nothing must not remember a promise',
    async run(harness) {
      const log = await openLog(harness);
      checkEqual({ ...log.start }, { index: 0, term: 0 }, 'the start of a new log');
      checkEqual(log.last, 0, 'the last index of a new log');
      checkEqual(plain(log.hardState), { term: 0, vote: 0n, commit: 0 }, 'the hard state of a new log');
    },
  },
  {
    id: 'log/reads-what-was-appended',
    because: 'followers and appliers get the bytes the leader wrote, under the same index, term and kind',
    async run(harness) {
      const log = await openLog(harness);
      const appended: LogEntry[] = [
        entry(1, 1),
        { ...entry(2, 1), data: new Uint8Array(0) },
        entry(3, 2, 'confChange'),
        entry(4, 2, 'confChangeV2'),
      ];
      await log.append({ entries: appended.slice(0, 2) });
      await log.append({ entries: appended.slice(2) });
      checkEqual(log.last, 4, 'the last index');
      checkEqual(await log.read(1, 4, EVERYTHING), appended, 'all entries');
      checkEqual(await log.read(2, 3, EVERYTHING), appended.slice(1, 3), 'entries 2 to 3');
    },
  },
  {
    id: 'log/holds-large-entries',
    because: 'a proposal carries values of up to 64 MiB',
    async run(harness) {
      const log = await openLog(harness);
      const data = Uint8Array.from({ length: 2 * 1024 * 1024 }, (_, at) => at * 17);
      await log.append({ entries: [entry(1, 1), { ...entry(2, 1), data }, entry(3, 1)] });
      checkEqual((await log.read(2, 2, EVERYTHING))[0]?.data, data, 'the large entry');
    },
  },
  {
    id: 'log/knows-terms',
    because: 'elections and append checks compare terms of entries that may be gone already',
    async run(harness) {
      const log = await openLog(harness);
      checkEqual(await log.term(0), 0, 'the term before the first entry');
      await log.append({ entries: [entry(1, 1), entry(2, 3), entry(3, 3), entry(4, 7)] });
      await log.compact(2);
      const terms = [await log.term(2), await log.term(3), await log.term(4)];
      checkEqual(terms, [3, 3, 7], 'terms from the start to the last entry');
    },
  },
  {
    id: 'log/replaces-a-suffix',
    because: 'a follower gives up what a new leader never had',
    async run(harness) {
      const log = await openLog(harness);
      await log.append({ entries: entries(1, 10, 1) });
      await log.append({ entries: entries(6, 7, 2) });
      checkEqual(log.last, 7, 'the last index after a shorter suffix');
      checkEqual(await log.read(1, 7, EVERYTHING), [...entries(1, 5, 1), ...entries(6, 7, 2)], 'all entries');
      checkEqual(await log.term(6), 2, 'the term of a replaced entry');
      await log.append({ entries: entries(8, 9, 3) });
      checkEqual(
        await log.read(7, 9, EVERYTHING),
        [entry(7, 2), ...entries(8, 9, 3)],
        'entries after the replaced ones',
      );
    },
  },
  {
    id: 'log/cuts-a-read-at-the-bytes-asked-for',
    because: 'a message to a slow follower must not hold the whole log',
    async run(harness) {
      const log = await openLog(harness);
      await log.append({ entries: entries(1, 50, 1) });
      const read = await log.read(1, 50, 205);
      check(
        read.length >= 5 && read.length <= 6,
        'a read of 40-byte entries ends as soon as 205 bytes are exceeded',
      );
      checkEqual(read, entries(1, read.length, 1), 'what was read');
      checkEqual((await log.read(1, 50, 50 * 40)).length, 50, 'entries of a read that fits exactly');
    },
  },
  {
    id: 'log/reads-at-least-one-entry',
    because: 'an entry above the message budget must reach its follower all the same',
    async run(harness) {
      const log = await openLog(harness);
      await log.append({ entries: entries(1, 3, 1) });
      checkEqual(await log.read(2, 3, 0), [entry(2, 1)], 'a read without a budget');
      checkEqual((await log.read(1, 3, 39)).length, 1, 'entries of a read with a budget below one entry');
    },
  },
  {
    id: 'log/keeps-its-hard-state',
    because: 'a node that forgets its vote elects two leaders',
    async run(harness) {
      const log = await openLog(harness);
      const hardState = { term: 5, vote: 0xfedc_ba98_7654_3211n, commit: 2 };
      await log.append({ entries: entries(1, 3, 5), hardState });
      checkEqual(plain(log.hardState), hardState, 'hard state appended with entries');
      await log.append({ entries: entries(4, 4, 5) });
      checkEqual(plain(log.hardState), hardState, 'hard state after an append without one');
      await log.append({ entries: [], hardState: { ...hardState, commit: 4 } });
      checkEqual(plain(log.hardState), { ...hardState, commit: 4 }, 'hard state appended alone');
      checkEqual(log.last, 4, 'the last index after hard state alone');
    },
  },
  {
    id: 'log/shows-nothing-before-it-is-appended',
    because: 'readers run beside appends, and see what has resolved, whole',
    async run(harness) {
      const log = await openLog(harness);
      await log.append({ entries: entries(1, 20, 1) });
      const appending = log.append({ entries: entries(21, 40, 2) });
      checkEqual(await log.read(1, 20, EVERYTHING), entries(1, 20, 1), 'entries read beside an append');
      checkEqual(await log.term(20), 1, 'a term read beside an append');
      await appending;
      checkEqual(
        await log.read(1, 40, EVERYTHING),
        [...entries(1, 20, 1), ...entries(21, 40, 2)],
        'all entries',
      );
    },
  },
  {
    id: 'log/drops-what-is-compacted',
    because: 'what lives in applied state need not be kept, and everything above it must be',
    async run(harness) {
      const log = await openLog(harness);
      await log.append({ entries: [...entries(1, 4, 1), ...entries(5, 10, 2)], hardState: HARD_STATE });
      await log.compact(6);
      checkEqual({ ...log.start }, { index: 6, term: 2 }, 'the start after compaction');
      checkEqual(log.last, 10, 'the last index after compaction');
      checkEqual(await log.read(7, 10, EVERYTHING), entries(7, 10, 2), 'entries above the start');
      checkEqual(plain(log.hardState), HARD_STATE, 'hard state after compaction');
      await log.append({ entries: entries(9, 12, 3) });
      checkEqual(
        await log.read(7, 12, EVERYTHING),
        [...entries(7, 8, 2), ...entries(9, 12, 3)],
        'entries after an append',
      );
    },
  },
  {
    id: 'log/keeps-its-place-when-compacted-to-the-end',
    because: 'the next entry follows the last one, not the number one',
    async run(harness) {
      const log = await openLog(harness);
      await log.append({ entries: entries(1, 5, 4) });
      await log.compact(5);
      checkEqual(
        { start: { ...log.start }, last: log.last },
        { start: { index: 5, term: 4 }, last: 5 },
        'an emptied log',
      );
      checkEqual(await log.term(5), 4, 'the term of the last entry that was dropped');
      await log.append({ entries: entries(6, 7, 5) });
      checkEqual(await log.read(6, 7, EVERYTHING), entries(6, 7, 5), 'entries appended to the emptied log');
    },
  },
  {
    id: 'log/starts-anew-after-a-reset',
    because: 'a snapshot replaces all that a follower had, also what lay above it',
    async run(harness) {
      const log = await openLog(harness);
      await log.append({ entries: entries(1, 200, 1), hardState: HARD_STATE });
      await log.reset({ index: 100, term: 6 }, { term: 6, vote: 0n, commit: 100 });
      checkEqual(
        { start: { ...log.start }, last: log.last },
        { start: { index: 100, term: 6 }, last: 100 },
        'a reset log',
      );
      checkEqual(plain(log.hardState), { term: 6, vote: 0n, commit: 100 }, 'hard state of the reset');
      await log.append({ entries: entries(101, 103, 7) });
      checkEqual(log.last, 103, 'the last index after the reset and an append');
      checkEqual(await log.read(101, 103, EVERYTHING), entries(101, 103, 7), 'entries after the reset');
    },
  },
];

const HARD_STATE = { term: 2, vote: 9n, commit: 4 } as const;
