import { isCaissonError, type RaftLog } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { countInFiles } from '../in-files.js';
import {
  CRASH,
  DAMAGE,
  entries,
  EVERYTHING,
  FILES,
  type LogHarness,
  openLog,
  stateOf,
} from './log-harness.js';

const HARD_STATE = { term: 3, vote: 12_345_678_901_234_567_890n, commit: 17 } as const;

/** What a log remembers when it is opened again. */
export const lastingCases: readonly Case<LogHarness>[] = [
  {
    id: 'log/keeps-everything-across-reopening',
    because: 'entries, hard state and start are what a restarted node is made of',
    async run(harness) {
      const before = await openLog(harness);
      await write(before);
      const state = await stateOf(before);
      await before.close();
      checkEqual(await stateOf(await openLog(harness)), state, 'the reopened log');
    },
  },
  {
    id: 'log/keeps-a-compaction-across-reopening',
    because: 'a start that moves back promises entries that are gone',
    async run(harness) {
      const before = await openLog(harness);
      await write(before);
      await before.compact(17);
      await before.compact(20);
      const state = await stateOf(before);
      await before.close();
      const after = await openLog(harness);
      checkEqual(await stateOf(after), state, 'the reopened log');
      checkEqual(await after.term(20), 3, 'the term of the start');
      await after.append({ entries: entries(21, 22, 4) });
      checkEqual(after.last, 22, 'the last index after an append');
    },
  },
  {
    id: 'log/keeps-a-reset-across-reopening',
    because: 'entries from before a snapshot must not come back after it',
    async run(harness) {
      const before = await openLog(harness);
      await write(before);
      await before.reset({ index: 10, term: 8 }, { term: 8, vote: 1n, commit: 10 });
      await before.append({ entries: entries(11, 12, 8) });
      const state = await stateOf(before);
      await before.close();
      checkEqual(await stateOf(await openLog(harness)), state, 'the reopened log');
    },
  },
  {
    id: 'log/keeps-logs-apart',
    because: 'each group of a node has a log of its own',
    async run(harness) {
      const [one, other] = [await openLog(harness, 'one'), await openLog(harness, 'other')];
      await one.append({ entries: entries(1, 3, 1), hardState: HARD_STATE });
      await other.append({ entries: entries(1, 1, 9) });
      checkEqual([one.last, other.last], [3, 1], 'the last indexes of two logs');
      checkEqual(other.hardState.term, 0, 'the hard state of a log that was given none');
      await one.close();
      await other.close();
    },
  },
  {
    id: 'log/keeps-appends-through-a-crash',
    because:
      'a quorum acknowledges entries, and a voter its vote, on the strength of an append that resolved',
    needs: CRASH,
    async run(harness) {
      const before = await openLog(harness);
      await write(before);
      const state = await stateOf(before);
      await harness.crash!();
      checkEqual(await stateOf(await openLog(harness)), state, 'the log after the crash');
    },
  },
  {
    id: 'log/keeps-a-vote-through-a-crash',
    because: 'hard state is often written without any entry',
    needs: CRASH,
    async run(harness) {
      const before = await openLog(harness);
      await before.append({ entries: entries(1, 3, 3), hardState: HARD_STATE });
      await before.append({ entries: [], hardState: { ...HARD_STATE, term: 4, vote: 2n } });
      await harness.crash!();
      const { term, vote } = (await openLog(harness)).hardState;
      checkEqual({ term, vote }, { term: 4, vote: 2n }, 'term and vote after the crash');
    },
  },
  {
    id: 'log/keeps-compaction-and-reset-through-a-crash',
    because: 'what follows a snapshot is built on the start having moved',
    needs: CRASH,
    async run(harness) {
      const before = await openLog(harness);
      await write(before);
      await before.compact(18);
      const compacted = await stateOf(before);
      await harness.crash!();
      const between = await openLog(harness);
      checkEqual(await stateOf(between), compacted, 'the log after compaction and a crash');
      await between.reset({ index: 50, term: 9 }, { term: 9, vote: 0n, commit: 50 });
      const reset = await stateOf(between);
      await harness.crash!();
      checkEqual(await stateOf(await openLog(harness)), reset, 'the log after reset and a crash');
    },
  },
  {
    id: 'log/frees-its-files-of-what-was-dropped',
    because: 'entries from before the log was sealed must not be found on a disk that is carried away',
    needs: FILES,
    async run(harness) {
      const log = await openLog(harness);
      const first = entries(1, 40, 1);
      const clear = first.map(({ data }) => data);
      await log.append({ entries: first });
      check(countInFiles(await harness.files!('main'), clear) > 0, 'the search finds what is there');
      await log.append({ entries: entries(31, 50, 2) });
      await log.compact(30);
      await log.scrub?.();
      checkEqual(countInFiles(await harness.files!('main'), clear), 0, 'dropped entries in files');
      checkEqual(await log.read(31, 50, EVERYTHING), entries(31, 50, 2), 'the entries that stayed');
    },
  },
  {
    id: 'log/never-reads-damage-as-entries',
    because: 'an entry that vanished or changed would be applied on one replica alone',
    needs: DAMAGE,
    async run(harness) {
      const before = await openLog(harness);
      await write(before);
      const state = await stateOf(before);
      await before.close();
      await harness.damage!('main');
      checkEqual(await stateUnlessCorrupt(harness, state), state, 'what is read from damaged files');
    },
  },
];

/** Entries 1..20 in three terms, a replaced suffix, and hard state. */
async function write(log: RaftLog): Promise<void> {
  await log.append({ entries: entries(1, 12, 1) });
  await log.append({ entries: entries(8, 16, 2), hardState: { term: 2, vote: 1n, commit: 7 } });
  await log.append({ entries: entries(17, 20, 3), hardState: HARD_STATE });
}

async function stateUnlessCorrupt(harness: LogHarness, expected: unknown): Promise<unknown> {
  try {
    return await stateOf(await openLog(harness));
  } catch (error) {
    if (isCaissonError(error, 'CORRUPTION')) return expected;
    throw error;
  }
}
