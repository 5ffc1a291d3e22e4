import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const LINES_KEPT = 40;

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
}

/** A server in a process of its own, which can be stopped for a while, killed and asked what it said. */
export class ChildServer {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();

  constructor({ command, args }: ChildOptions) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines = createInterface({ input: this.#child.stderr! });
    lines.on('line', (line) => {
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      for (const listener of this.#listeners) listener(line);
    });
  }

  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The last lines it wrote to its standard error. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** Resolves with the first thing that `find` makes of a line; rejects when the process ends before. */
  async said<T>(find: (line: string) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const listener = (line: string) => {
        const found = find(line);
        if (found === undefined) return;
        this.#listeners.delete(listener);
        resolve(found);
      };
      this.#listeners.add(listener);
      const isOver = () => reject(new RangeError(`the server ended before it served:\n${this.log}`));
      this.#child.once('error', reject);
      this.#child.once('close', isOver);
      if (!this.runs) isOver();
    });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.runs) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    // One that was stopped hears of its end only once it goes on.
    this.#child.kill('SIGCONT');
    await exited;
  }
}
