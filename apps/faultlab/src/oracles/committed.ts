import { fromUtf8, toHex } from '@caisson/base';
import type { ApplyEntry, ApplyOutcome } from '@caisson/contracts';
import {
  type Command,
  type CommandOutcome,
  decodeCommand,
  decodeCommandResults,
  decodeCommands,
  OPCODES,
  type WriteCommand,
} from '@caisson/formats';
import {
  type BeginNote,
  type Diary,
  EXPIRING,
  type ReadNote,
  type ScanNote,
  type SnapshotNote,
  type WriteNote,
} from './diary.js';
import type { Findings } from './findings.js';

const PADDING = '#';

/** A version of a key, and where in the log it came to be. */
interface Version {
  readonly index: number;
  readonly ts: bigint;
  readonly value: string | undefined;
  /** 0n for never. */
  readonly expireAt: bigint;
}

/** What a request came to, and when the first node applied it. */
interface Result {
  readonly outcome: CommandOutcome;
  readonly index: number;
  readonly atMs: number;
}

/** An index, and when it was reached. */
interface Reached {
  readonly atMs: number;
  readonly index: number;
}

/**
 * The committed log, replayed in the plainest of ways, beside what clients heard: every answer must be the
 * one that the log gives, and the place in the log must lie within the time of the call.
 *
 * It needs no search, so it never gives up.
 */
export class CommittedLog {
  readonly #findings: Findings;
  readonly #versions = new Map<string, Version[]>();
  readonly #results = new Map<string, Result>();
  /** When each index was applied first. */
  readonly #firsts: Reached[] = [];
  readonly #outcomes = new Map<number, string>();
  /** The newest commit timestamp, by index. */
  readonly #tips = new Map<number, bigint>();
  #lastTs = 0n;
  #floor = 0n;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** An entry that a node applied, in its order; `isFirst` for the first of all nodes. */
  applied(entry: ApplyEntry, outcome: ApplyOutcome, atMs: number): void {
    const { index, payload } = entry;
    if (payload[0] !== OPCODES.command && payload[0] !== OPCODES.commandBatch) return;
    const what = outcome.kind === 'applied' ? toHex(outcome.result) : outcome.error.code;
    const before = this.#outcomes.get(index) ?? what;
    this.#findings.saw('R5', this.#outcomes.has(index));
    if (before !== what)
      this.#findings.add('R5', `entry ${index} comes to two things: ${before} and ${what}`);
    if (this.#outcomes.has(index)) return;
    this.#outcomes.set(index, what);
    this.#firsts.push({ index, atMs });
    if (outcome.kind !== 'applied') return;
    const commands = decodeCommands(payload).map(decodeCommand);
    const results = decodeCommandResults(outcome.result);
    for (const [at, command] of commands.entries()) this.#replay(command, results[at]!, { index, atMs });
    this.#tips.set(index, this.#lastTs);
  }

  /** The keys of which clients heard what the log does not give. */
  judge(diary: Diary): ReadonlySet<string> {
    const wrong = new Set<string>();
    for (const write of diary.writes) this.#judgeWrite(write);
    const acknowledged = this.#acknowledged(diary);
    const applied = reached(this.#firsts);
    for (const read of diary.reads) {
      const [from, to] = [before(acknowledged, read.calledAt - 1), before(applied, read.answeredAt)];
      if (!this.#judgeRead(read, from, to)) wrong.add(read.key);
    }
    for (const begun of diary.beginnings)
      this.#judgeBeginning(begun, this.#tips.get(before(acknowledged, begun.calledAt - 1)) ?? 0n);
    for (const scan of diary.scans) this.#judgeScan(scan);
    if (diary.compactedTs >= this.#floor && diary.compactedTs > 0n)
      this.#findings.add('T3', `${diary.compactedTs} is said to be gone, and the floor is ${this.#floor}`);
    for (const read of diary.snapshots) if (!this.#judgeSnapshot(read)) wrong.add(read.key);
    return wrong;
  }

  /** Up to which entry writes were answered by when. */
  #acknowledged({ writes }: Diary): readonly Reached[] {
    return reached(
      writes.map(({ answeredAt, id }) => ({ atMs: answeredAt, index: this.#results.get(id)?.index ?? 0 })),
    );
  }

  #replay(command: Command, outcome: CommandOutcome, { atMs, index }: { index: number; atMs: number }): void {
    if (command.kind === 'floor') {
      if (command.floor > this.#floor) this.#floor = command.floor;
      return;
    }
    const id = command.requestId && toHex(command.requestId);
    const known = id === undefined ? undefined : this.#results.get(id);
    if (outcome.kind === 'refused') return;
    if (known !== undefined) return this.#sameAgain(known, outcome, index);
    if (id !== undefined) this.#results.set(id, { outcome, index, atMs });
    const expected = this.#outcomeOf(command);
    this.#findings.saw('T11');
    if (expected !== outcome.kind) {
      this.#findings.add('T11', `entry ${index} is ${outcome.kind}, and the log says ${expected}`);
    }
    if (outcome.kind !== 'committed') return;
    this.#findings.saw('T4');
    if (command.commitTs <= this.#lastTs) {
      this.#findings.add('T4', `entry ${index} commits at ${command.commitTs}, behind ${this.#lastTs}`);
    }
    this.#lastTs = command.commitTs;
    for (const mutation of command.mutations) {
      if (mutation.op === 'deletePrefix') continue;
      const key = fromUtf8(mutation.key)!;
      const [value, expireAt] =
        mutation.op === 'put' ? [nameOf(mutation.value), mutation.expireAt] : [undefined, 0n];
      // What is not there is not deleted.
      if (value === undefined && this.#valueAt(key, command.commitTs) === undefined) continue;
      this.#versionsOf(key).push({ index, ts: command.commitTs, value, expireAt });
    }
  }

  /** A request that is in the log twice has one effect; behind the retention floor it may be forgotten. */
  #sameAgain({ outcome: first }: Result, again: CommandOutcome, index: number): void {
    this.#findings.saw('T11');
    const same = again.kind === first.kind && commitOf(again) === commitOf(first);
    const isForgotten = (commitOf(first) ?? 0n) < this.#floor;
    if (!same && !isForgotten) this.#findings.add('T11', `a request has an effect again at ${index}`);
  }

  #outcomeOf({ commitTs, conditions, mutations, readKeys, startTs }: WriteCommand): CommandOutcome['kind'] {
    const isHeld = conditions.every(({ expect, key }) => {
      const value = this.#valueAt(fromUtf8(key)!, commitTs);
      if (expect.kind === 'absent') return value === undefined;
      return expect.kind !== 'value' || value === nameOf(expect.value);
    });
    const written = mutations.flatMap((each) => (each.op === 'deletePrefix' ? [] : [each.key]));
    const isChanged = [...readKeys, ...written].some((key) => {
      const last = this.#versionsOf(fromUtf8(key)!).at(-1)?.ts ?? 0n;
      return startTs !== undefined && last > startTs;
    });
    if (isChanged) return 'conflict';
    return isHeld ? 'committed' : 'failed';
  }

  #judgeWrite({ answeredAt, calledAt, id, response }: WriteNote): void {
    this.#findings.saw('T11');
    const result = this.#results.get(id);
    if (result === undefined) {
      this.#findings.add('T11', `a write was answered (${response.kind}) and is not in the log`);
      return;
    }
    const { atMs, index, outcome } = result;
    if (outcome.kind !== response.kind || commitOf(outcome) !== commitOf(response)) {
      this.#findings.add('T11', `a client heard ${response.kind}, and entry ${index} is ${outcome.kind}`);
    }
    if (atMs < calledAt || atMs > answeredAt) {
      this.#findings.add(
        'T11',
        `entry ${index} of ${atMs} ms was called at ${calledAt}, answered at ${answeredAt}`,
      );
    }
  }

  /** It saw the key as of some place in the log that lies within its time. */
  #judgeRead({ answeredAt, calledAt, key, saw }: ReadNote, from: number, to: number): boolean {
    const versions = this.#versionsOf(key);
    this.#findings.saw('T11', versions.length > 0);
    const isThere = [{ index: 0, value: undefined }, ...versions].some(({ index, value }, at) => {
      const next = versions[at]?.index ?? Infinity;
      return value === saw && index <= to && next > from;
    });
    if (!isThere) {
      const text = `${key} was read as ${saw ?? 'nothing'} between ${calledAt} and ${answeredAt} ms`;
      const about = { key, saw, untilMs: answeredAt };
      this.#findings.add('T11', `${text}, and at no entry from ${from} to ${to} it is`, about);
    }
    return isThere;
  }

  #judgeSnapshot({ key, saw, ts }: SnapshotNote): boolean {
    const versions = this.#versionsOf(key);
    const value = this.#valueAt(key, ts);
    const rule = key.startsWith(EXPIRING) ? 'T8' : 'T11';
    this.#findings.saw(rule, versions.length > 0);
    if (value === saw) return true;
    const text = `${key} was read as ${saw ?? 'nothing'} at ${ts}`;
    this.#findings.add(rule, `${text}, and is ${value ?? 'nothing'} then`);
    return false;
  }

  /** Whatever was acknowledged before the call is there at the moment that was given. */
  #judgeBeginning({ calledAt, startTs }: BeginNote, tip: bigint): void {
    this.#findings.saw('T11', tip > 0n);
    if (startTs >= tip) return;
    this.#findings.add(
      'T11',
      `a moment to read at, called for at ${calledAt} ms, is ${startTs}, and ${tip} was acknowledged`,
    );
  }

  #judgeScan({ isReverse, isWhole, keys, ts }: ScanNote): void {
    const isThere = (key: string) => !key.startsWith(EXPIRING) && this.#valueAt(key, ts) !== undefined;
    const all = [...this.#versions.keys()].sort().filter(isThere);
    if (isReverse) all.reverse();
    const expected = isWhole ? all : all.slice(0, keys.length);
    this.#findings.saw('T9', expected.length > 1);
    const at = keys.findIndex((key, of) => key !== expected[of]);
    if (at < 0 && keys.length === expected.length) return;
    const stray = at < 0 ? keys.length : at;
    const [here, there] = [keys[stray] ?? 'nothing', expected[stray] ?? 'nothing'];
    this.#findings.add('T9', `a scan at ${ts} has ${here} where ${there} is next`);
  }

  #valueAt(key: string, ts: bigint): string | undefined {
    const version = this.#versionsOf(key).findLast((each) => each.ts <= ts);
    const isOver = version !== undefined && version.expireAt !== 0n && version.expireAt <= ts;
    return isOver ? undefined : version?.value;
  }

  #versionsOf(key: string): Version[] {
    const versions = this.#versions.get(key) ?? [];
    this.#versions.set(key, versions);
    return versions;
  }
}

/** By its time the highest index so far, in the order of times. */
function reached(points: readonly Reached[]): readonly Reached[] {
  let index = 0;
  return points
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((point) => ({ atMs: point.atMs, index: (index = Math.max(index, point.index)) }));
}

/** The highest index that was reached at a time. */
function before(points: readonly Reached[], atMs: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.atMs <= atMs) low = middle + 1;
    else high = middle;
  }
  return points[low - 1]?.index ?? 0;
}

function commitOf(outcome: CommandOutcome): bigint | undefined {
  return outcome.kind === 'committed' ? outcome.commitTs : undefined;
}

function nameOf(value: Uint8Array): string {
  const text = fromUtf8(value)!;
  const end = text.indexOf(PADDING);
  return end < 0 ? text : text.slice(0, end);
}
