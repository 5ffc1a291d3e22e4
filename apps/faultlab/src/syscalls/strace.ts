import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CALLS, type Point } from './points.js';

const VICTIM = fileURLToPath(new URL('../../dist/syscalls/victim.js', import.meta.url));

/** For a process that hangs; a machine that is busy must never come near it. */
const PATIENCE_MS = 180_000;

export interface Ended {
  readonly output: string;
  /** What it said of itself before it ended; absent where it was killed before that. */
  readonly said: { readonly code?: string; readonly text?: string; readonly broken?: string } | undefined;
  readonly signal: string | undefined;
  readonly hung: boolean;
}

/** Runs one part of a series in a process of its own, with no thread but one that touches files for it. */
export async function runVictim(words: readonly string[], tracing: readonly string[] = []): Promise<Ended> {
  const [command, ...args] = [...tracing, process.execPath, VICTIM, ...words];
  const child = spawn(command!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    detached: true,
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => (texts[name] += chunk));
  let hung = false;
  const giveUp = setTimeout(() => {
    hung = true;
    process.kill(-child.pid!, 'SIGKILL');
  }, PATIENCE_MS);
  await once(child, 'close');
  clearTimeout(giveUp);
  return { output: texts.stdout, said: parse(texts.stderr), signal: child.signalCode ?? undefined, hung };
}

/** Writes every call that changes a disk to a file. */
export function recording(trace: string): readonly string[] {
  return ['strace', '-f', '-qq', '-y', '-s', '0', '-o', trace, '-e', `trace=${CALLS.join(',')}`];
}

/**
 * Does what a point says, and nothing else. Calls are counted by thread, and those about other files are not
 * counted.
 */
export function injecting(
  { call, deed, file, nth }: Point,
  folder: string,
  trace: string,
): readonly string[] {
  const what = deed === 'kill' ? 'signal=KILL' : `error=${deed}`;
  const path = file === '' ? folder : join(folder, file);
  const only = ['-P', path, '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${nth}`];
  return ['strace', '-f', '-qq', '-o', trace, ...only];
}

function parse(said: string): Ended['said'] {
  for (const line of said.split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    return JSON.parse(line) as NonNullable<Ended['said']>;
  }
  return undefined;
}
