import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { UsageError } from '../commands/plan-file.js';
import { type Action, CHAOS_SCHEMA, type ChaosPlan } from './schedule.js';

/** One moment of a run, as the journal keeps it. */
export interface JournalLine {
  /** Since the run began. */
  readonly atMs: number;
  /** By the wall clock, for those who compare it with logs of nodes. */
  readonly wall: string;
  readonly what: 'begins' | 'ends' | 'fails' | 'says';
  readonly action?: number;
  readonly kind?: string;
  readonly text: string;
}

/** NDJSON: the plan first, then a line before and a line after each action. */
export class Journal {
  readonly #file: WriteStream | undefined;
  readonly #begunAt = performance.now();

  constructor(path: string | undefined, plan: ChaosPlan) {
    this.#file = path === undefined ? undefined : createWriteStream(path);
    this.#file?.write(`${JSON.stringify(plan)}\n`);
  }

  get atMs(): number {
    return Math.round(performance.now() - this.#begunAt);
  }

  note(what: JournalLine['what'], text: string, action?: Action): void {
    const about = action && { action: action.number, kind: action.kind };
    const line: JournalLine = { atMs: this.atMs, wall: new Date().toISOString(), what, ...about, text };
    this.#file?.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    if (this.#file === undefined) return;
    this.#file.end();
    await once(this.#file, 'close');
  }
}

/** The plan at the head of a journal. */
export async function readPlan(path: string): Promise<ChaosPlan> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`${path} cannot be read`);
  });
  const plan = parse(text.split('\n', 1)[0]!);
  if (plan?.schema !== CHAOS_SCHEMA) throw new UsageError(`${path} is not a journal of a chaos run`);
  return plan;
}

function parse(line: string): ChaosPlan | undefined {
  try {
    return JSON.parse(line) as ChaosPlan;
  } catch {
    return undefined;
  }
}
