import { CaissonError, type LogEntry, type RaftLog, type RaftLogs } from '@caisson/contracts';
import { type Files, filedLogs } from '../doubles/filed.js';
import { MemoryLogs } from '../doubles/memory-logs.js';
import type { LogHarness } from '../log/log-harness.js';
import { type Mutant, override } from './mutant.js';

type LogMutant = Mutant<LogHarness>;

export function memoryLogHarness(): LogHarness {
  const logs = new MemoryLogs();
  const damaged = new Set<string>();
  const directory = (name: string) => `/${name}`;
  const open: RaftLogs['open'] = async (at, signal) => {
    if (damaged.has(at)) throw new CaissonError('CORRUPTION');
    return logs.open(at, signal);
  };
  const files: Files = new Map();
  return {
    logs: filedLogs(override<RaftLogs>(logs, { open }), files),
    directory,
    files: async (name) => files.get(directory(name)) ?? [],
    crash: async () => logs.crash(),
    damage: async (name) => void damaged.add(directory(name)),
  };
}

function opened(
  name: string,
  breaks: readonly string[],
  plant: (logs: RaftLogs) => Partial<RaftLogs>,
  harm: (sound: LogHarness) => Partial<LogHarness> = () => ({}),
): LogMutant {
  const harness = (): LogHarness => {
    const sound = memoryLogHarness();
    return { ...sound, ...harm(sound), logs: override(sound.logs, plant(sound.logs)) };
  };
  return { name, breaks: breaks.map((id) => `log/${id}`), harness };
}

function planted(
  name: string,
  breaks: readonly string[],
  plant: (log: RaftLog) => Partial<RaftLog>,
): LogMutant {
  return opened(name, breaks, (logs) => ({
    open: async (directory) => {
      const log = await logs.open(directory);
      return override(log, plant(log));
    },
  }));
}

function reading(name: string, breaks: readonly string[], change: (entry: LogEntry) => LogEntry): LogMutant {
  return planted(name, breaks, (log) => ({
    read: async (...args) => (await log.read(...args)).map(change),
  }));
}

const contentMutants: readonly LogMutant[] = [
  planted('StartsInTermOne', ['starts-empty'], (log) => ({
    get hardState() {
      return log.hardState.term === 0 ? { term: 1, vote: 1n, commit: 0 } : log.hardState;
    },
  })),
  reading('ForgetsKinds', ['reads-what-was-appended'], (entry) => ({ ...entry, kind: 'normal' })),
  reading('CutsLargeEntries', ['holds-large-entries'], (entry) => ({
    ...entry,
    data: entry.data.slice(0, 1 << 20),
  })),
  planted('ForgetsTheTermOfItsStart', ['knows-terms'], (log) => ({
    term: async (index) => (index === log.start.index ? 0 : log.term(index)),
  })),
  planted('KeepsTheOldSuffix', ['replaces-a-suffix'], (log) => {
    let highest = 0;
    return {
      append: async (append) => {
        await log.append(append);
        highest = Math.max(highest, log.last);
      },
      get last() {
        return Math.max(highest, log.last);
      },
    };
  }),
  planted('IgnoresBudgets', ['cuts-a-read-at-the-bytes-asked-for'], (log) => ({
    read: (from, to) => log.read(from, to, Number.MAX_SAFE_INTEGER),
  })),
  planted('StarvesLargeEntries', ['reads-at-least-one-entry'], (log) => ({
    read: async (from, to, maxBytes) => (maxBytes < 40 ? [] : log.read(from, to, maxBytes)),
  })),
  planted('RoundsVotes', ['keeps-its-hard-state'], (log) => ({
    append: ({ entries, hardState }) =>
      log.append({
        entries,
        ...(hardState && { hardState: { ...hardState, vote: BigInt(Number(hardState.vote)) } }),
      }),
  })),
  planted('ShowsAppendsTooEarly', ['shows-nothing-before-it-is-appended'], (log) => {
    let isAppending = false;
    return {
      append: async (append) => {
        isAppending = true;
        await log.append(append);
        isAppending = false;
      },
      read: async (from, to, maxBytes) => (await log.read(from, to, maxBytes)).slice(isAppending ? 1 : 0),
    };
  }),
  planted(
    'CompactsOneTooFew',
    ['drops-what-is-compacted', 'keeps-its-place-when-compacted-to-the-end'],
    (log) => ({
      compact: (index) => log.compact(index - 1),
    }),
  ),
  planted('ForgetsItsPlace', ['keeps-its-place-when-compacted-to-the-end'], (log) => ({
    compact: async (index) => {
      if (index < log.last) await log.compact(index);
      else await log.reset({ index: 0, term: 0 }, log.hardState);
    },
  })),
  planted('ResetsTheHardStateOnly', ['starts-anew-after-a-reset'], (log) => ({
    reset: async (start, hardState) => {
      await log.append({ entries: [], hardState });
      if (start.index < log.last) await log.compact(start.index);
    },
  })),
];

const lastingMutants: readonly LogMutant[] = [
  planted('LeavesDroppedEntriesInFiles', ['frees-its-files-of-what-was-dropped'], () => ({
    scrub: async () => undefined,
  })),
  opened('ForgetsOnClose', ['keeps-everything-across-reopening'], (logs) => {
    let turn = 0;
    return { open: (directory) => logs.open(`${directory}/${turn++}`) };
  }),
  reopened(
    'ForgetsCompaction',
    ['keeps-a-compaction-across-reopening', 'keeps-compaction-and-reset-through-a-crash'],
    'compact',
  ),
  reopened(
    'ForgetsReset',
    ['keeps-a-reset-across-reopening', 'keeps-compaction-and-reset-through-a-crash'],
    'reset',
  ),
  opened('MixesDirectories', ['keeps-logs-apart'], (logs) => {
    let shared: Promise<RaftLog> | undefined;
    return { open: () => (shared ??= logs.open('/shared')) };
  }),
  forgetful('ForgetsSync', ['keeps-appends-through-a-crash'], () => true),
  forgetful('SyncsEntriesOnly', ['keeps-a-vote-through-a-crash'], (entries) => entries.length === 0),
  opened(
    'HidesDamage',
    ['never-reads-damage-as-entries'],
    () => ({}),
    (sound) => ({
      damage: async () => {
        const log = await sound.logs.open(sound.directory('main'));
        const [last] = await log.read(log.last, log.last, 0);
        await log.append({ entries: [{ ...last!, data: last!.data.map((byte) => byte ^ 1) }] });
        await log.close();
      },
    }),
  ),
];

export const logMutants: readonly LogMutant[] = [...contentMutants, ...lastingMutants];

/** Does one kind of work in memory only: the next open finds the log as it was before. */
function reopened(name: string, breaks: readonly string[], forgets: 'compact' | 'reset'): LogMutant {
  return opened(name, breaks, (logs) => {
    let undo: ((log: RaftLog) => Promise<void>) | undefined;
    return {
      open: async (directory) => {
        const log = await logs.open(directory);
        await undo?.(log);
        undo = undefined;
        const forget = async (): Promise<void> => void (undo ??= await restorer(log));
        const plant: Partial<RaftLog> =
          forgets === 'compact'
            ? { compact: (index) => forget().then(() => log.compact(index)) }
            : { reset: (...args) => forget().then(() => log.reset(...args)) };
        return override(log, plant);
      },
    };
  });
}

/** Loses the newest append in a crash where `loses` says so. */
function forgetful(
  name: string,
  breaks: readonly string[],
  loses: (entries: readonly LogEntry[]) => boolean,
): LogMutant {
  return opened(name, breaks, (logs) => {
    let lose: ((log: RaftLog) => Promise<void>) | undefined;
    return {
      open: async (directory) => {
        const log = await logs.open(directory);
        await lose?.(log);
        lose = undefined;
        return override(log, {
          append: async (append) => {
            const before = await restorer(log);
            await log.append(append);
            if (loses(append.entries)) lose = before;
          },
        });
      },
    };
  });
}

/** Puts a log back to where it is now. */
async function restorer(log: RaftLog): Promise<(again: RaftLog) => Promise<void>> {
  const { start, hardState, last } = log;
  const held = last > start.index ? await log.read(start.index + 1, last, 1 << 30) : [];
  return async (again) => {
    await again.reset(start, hardState);
    await again.append({ entries: held });
  };
}
