import { SeededRandom } from '@caisson/compliance';
import {
  type HardState,
  isCaissonError,
  type LogEntry,
  type LogStart,
  type RaftLog,
} from '@caisson/contracts';
import { DiskLogs, SimulatedDisk } from '@caisson/simulator';
import type { Target } from './explorer.js';
import { emptyDisk } from './lone-node.js';
import type { TargetOptions } from './targets.js';

const PATH = '/data/groups/1/log';
const STEPS = 40;
/** What a recovery appends, and nothing else does. */
const MARK = 'confChangeV2';
const ANY_BYTES = Infinity;

/** What a log holds. */
interface LogState {
  readonly start: LogStart;
  readonly hardState: HardState;
  readonly entries: readonly LogEntry[];
}

/** What a log was told, and what it was being told when power was lost: one of the two is there. */
interface LogPromises {
  readonly acknowledged: string;
  readonly pending: string | undefined;
}

type Logs = NonNullable<TargetOptions['logs']>;
type Change = (log: RaftLog) => Promise<void>;

const EMPTY: LogState = {
  start: { index: 0, term: 0 },
  hardState: { term: 0, vote: 0n, commit: 0 },
  entries: [],
};

/** Everything that Raft does to a log, the replacement of a suffix above all, without a node around it. */
export function logTarget(options: TargetOptions): Target<LogPromises> {
  const { around = (disk) => disk, seed = 1 } = options;
  const made = options.logs ?? ((disk) => new DiskLogs(disk));
  const logs: Logs = (disk) => made(around(disk));
  const open = (disk: SimulatedDisk): Promise<RaftLog> => logs(disk).open(PATH);
  let held = EMPTY;
  return {
    about: 'a follower appends, takes entries back, compacts, and starts anew behind a snapshot',
    nothing: { acknowledged: textOf(EMPTY), pending: undefined },
    async prepare() {
      const disk = await emptyDisk();
      await disk.makeDirectory('/data/groups/1');
      const log = await made(disk).open(PATH);
      held = await new Follower(log, new SeededRandom(1), () => undefined).live(EMPTY, 6);
      await log.close();
      disk.loseEverythingUnsynced();
      return disk.image;
    },
    async run(disk, promise): Promise<void> {
      promise({ acknowledged: textOf(held), pending: undefined });
      const log = await open(disk);
      await new Follower(log, new SeededRandom(seed + 1), promise).live(held, STEPS);
      await log.close();
    },
    async recover(disk, { acknowledged, pending }): Promise<string | undefined> {
      const log = await open(disk);
      const found = await stateOf(log);
      // A recovery that power was lost in may have left its own mark.
      const text = textOf({ ...found, entries: found.entries.filter(({ kind }) => kind !== MARK) });
      if (text !== acknowledged && text !== pending)
        return `the log is ${text} and was told to be ${acknowledged}`;
      const damage = await rotten(disk, logs, found);
      if (damage !== undefined) return damage;
      const next = {
        index: log.last + 1,
        term: found.hardState.term,
        kind: MARK,
        data: bytes(9, 9),
      } as const;
      await log.append({ entries: [next] });
      await log.close();
      const again = await open(disk);
      const after = textOf(await stateOf(again));
      await again.close();
      const wanted = textOf({ ...found, entries: [...found.entries, next] });
      return after === wanted ? undefined : `the log is ${after} after an append to ${textOf(found)}`;
    },
  };
}

/** A bit that flipped meanwhile is damage or makes no difference: it never takes anything away. */
async function rotten(sound: SimulatedDisk, logs: Logs, state: LogState): Promise<string | undefined> {
  const image = [...sound.image].filter(([path]) => isRecord(path));
  const [path, bytes] = image[state.hardState.commit % Math.max(image.length, 1)] ?? [];
  if (path === undefined || bytes === undefined || bytes.length === 0) return undefined;
  const flipped = Uint8Array.from(bytes);
  flipped[(state.entries.length * 97) % bytes.length]! ^= 0x10;
  const disk = new SimulatedDisk();
  disk.restore(new Map(sound.image).set(path, flipped));
  try {
    const found = textOf(await stateOf(await logs(disk).open(PATH)));
    return found === textOf(state) ? undefined : `with a flipped bit the log is ${found}`;
  } catch (error) {
    if (isCaissonError(error, 'CORRUPTION')) return undefined;
    throw error;
  }
}

/** What says how far records go is another matter: damage to both at once is beyond any log. */
function isRecord(path: string): boolean {
  return path.startsWith(`${PATH}/`) && !path.endsWith('/head');
}

/** Draws what happens to a log next. */
class Follower {
  readonly #log: RaftLog;
  readonly #random: SeededRandom;
  readonly #promise: (promised: LogPromises) => void;

  constructor(log: RaftLog, random: SeededRandom, promise: (promised: LogPromises) => void) {
    this.#log = log;
    this.#random = random;
    this.#promise = promise;
  }

  async live(from: LogState, steps: number): Promise<LogState> {
    let state = from;
    for (let step = 0; step < steps; step++) {
      const [next, change] = this.#draw(state);
      this.#promise({ acknowledged: textOf(state), pending: textOf(next) });
      await change(this.#log);
      state = next;
      this.#promise({ acknowledged: textOf(state), pending: undefined });
    }
    return state;
  }

  #draw(state: LogState): readonly [LogState, Change] {
    const { start } = state;
    const choice = this.#random.integer(10);
    const last = start.index + state.entries.length;
    if (choice === 0 && state.entries.length > 4) {
      const index = start.index + 1 + this.#random.integer(state.entries.length - 2);
      const { term } = state.entries[index - start.index - 1]!;
      const entries = state.entries.slice(index - start.index);
      return [{ ...state, start: { index, term }, entries }, (log) => log.compact(index)];
    }
    if (choice === 1 && last > 20) {
      const hardState = { ...state.hardState, commit: last + 5 };
      const anew = { index: last + 5, term: hardState.term };
      return [{ start: anew, hardState, entries: [] }, (log) => log.reset(anew, hardState)];
    }
    if (choice === 2) return [state, async (log) => log.scrub?.()];
    return this.#append(state, choice < 6 ? this.#random.integer(state.entries.length + 1) : 0);
  }

  /** An append that takes back so many entries, under the term of another leader. */
  #append(state: LogState, back: number): readonly [LogState, Change] {
    const first = state.start.index + state.entries.length - back + 1;
    const term = state.hardState.term + (back > 0 || state.hardState.term === 0 ? 1 : 0);
    const count = this.#random.integer(4) + (back > 0 ? 1 : 0);
    const added = Array.from({ length: count }, (_, at): LogEntry => {
      const size = this.#random.integer(8) === 0 ? 1500 : this.#random.integer(60);
      return { index: first + at, term, kind: 'normal', data: bytes(size, first + at) };
    });
    const hardState = {
      term,
      vote: BigInt(term) * 7n,
      commit: Math.min(first - 1, state.hardState.commit + 1),
    };
    const entries = [...state.entries.slice(0, first - 1 - state.start.index), ...added];
    return [{ ...state, hardState, entries }, (log) => log.append({ entries: added, hardState })];
  }
}

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (seed * 31 + at * 7) & 0xff);
}

async function stateOf(log: RaftLog): Promise<LogState> {
  const { hardState, last, start } = log;
  const entries: LogEntry[] = [];
  while (start.index + entries.length < last) {
    entries.push(...(await log.read(start.index + entries.length + 1, last, ANY_BYTES)));
  }
  return { start, hardState, entries };
}

/** What tells states apart, short enough to be read. */
function textOf({ entries, hardState, start }: LogState): string {
  const each = entries.map(({ data, index, term }) => `${index}/${term}:${data.length}.${data.at(-1) ?? 0}`);
  const { commit, term, vote } = hardState;
  return `${start.index}/${start.term} (term ${term}, vote ${vote}, commit ${commit}) ${each.join(' ')}`;
}
