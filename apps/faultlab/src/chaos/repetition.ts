import { readFile } from 'node:fs/promises';
import { UsageError } from '../commands/plan-file.js';
import { type JournalLine, readPlan } from './journal.js';
import type { ChaosPlan } from './schedule.js';

/** What a journal says that was done: one for each action that began. */
export interface Deeds {
  readonly plan: ChaosPlan;
  readonly done: readonly Done[];
}

interface Done {
  readonly number: number;
  readonly kind: string;
  /** What was done, to whom. */
  readonly text: string;
  /** Why it came to nothing, if it did. */
  readonly refused?: string;
}

export interface Repetition {
  readonly same: number;
  /** The same action, of which something else came. */
  readonly otherwise: readonly string[];
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

export async function readDeeds(path: string): Promise<Deeds> {
  const plan = await readPlan(path);
  const text = await readFile(path, 'utf8');
  const lines = text
    .split('\n')
    .slice(1, -1)
    .map((line) => parse(line, path));
  const done = lines
    .filter(({ action, what }) => what === 'begins' && action !== undefined)
    .map(({ action, kind, text }) => {
      const end = lines.find((line) => line.action === action && line.what === 'fails');
      return { number: action!, kind: kind!, text, ...(end && { refused: end.text }) };
    });
  return { plan, done };
}

/** The actions that began, in their order, without an end by the clock: a busy machine does them all, too. */
export function toRepeat({ done, plan }: Deeds): ChaosPlan {
  const begun = new Set(done.map(({ number }) => number));
  return { ...plan, actions: plan.actions.filter(({ number }) => begun.has(number)) };
}

/** Action by action, by their numbers in the plan. */
export function compareDeeds(before: readonly Done[], now: readonly Done[]): Repetition {
  const found = new Map(now.map((done) => [done.number, done]));
  const known = new Set(before.map(({ number }) => number));
  const otherwise: string[] = [];
  const missing: string[] = [];
  let same = 0;
  for (const done of before) {
    const again = found.get(done.number);
    if (again === undefined) missing.push(nameOf(done));
    else if (nameOf(again) !== nameOf(done)) otherwise.push(`${nameOf(done)}; now ${nameOf(again)}`);
    else if ((again.refused === undefined) !== (done.refused === undefined))
      otherwise.push(`${nameOf(done)}; ${outcomeOf(done)}, now ${outcomeOf(again)}`);
    else same++;
  }
  return { same, otherwise, missing, added: now.filter(({ number }) => !known.has(number)).map(nameOf) };
}

/** For people; every difference with what it is. */
export function linesOf({ added, missing, otherwise, same }: Repetition): readonly string[] {
  const all = same + otherwise.length + missing.length;
  return [
    `${same} of ${all} actions were repeated as they were`,
    ...otherwise.map((text) => `  came out otherwise: ${text}`),
    ...missing.map((text) => `  not repeated: ${text}`),
    ...added.map((text) => `  not in the journal: ${text}`),
  ];
}

function nameOf({ kind, number, text }: Done): string {
  return `${number} ${kind} ${text}`;
}

function outcomeOf({ refused }: Done): string {
  return refused === undefined ? 'done' : `refused (${refused})`;
}

function parse(line: string, path: string): JournalLine {
  try {
    return JSON.parse(line) as JournalLine;
  } catch {
    throw new UsageError(`${path} has a line that is no JSON`);
  }
}
