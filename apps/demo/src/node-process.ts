import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const resolvePackage = (name: string) =>
  dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

export const CAISSOND = join(resolvePackage('@caisson/server'), 'bin/caissond.js');
export const CAISSON = join(resolvePackage('@caisson/cli'), 'bin/caisson.js');

const START_MS_MAX = 60_000;

/** A real `caissond` in a process of its own. */
export class NodeProcess {
  readonly address: string;
  readonly adminAddress: string;

  private constructor(
    private readonly child: ChildProcess,
    private readonly said: readonly string[],
    addresses: { readonly grpc: string; readonly http: string },
  ) {
    this.address = addresses.grpc;
    this.adminAddress = addresses.http;
  }

  /**
   * Starts the server and resolves once it serves; rejects with what it said when it ends before. `prefix` is
   * a command that runs it, for instance somewhere else on the network.
   */
  static async start(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    prefix: readonly string[] = [],
  ): Promise<NodeProcess> {
    const [command, ...rest] = [...prefix, process.execPath, CAISSOND, ...args];
    const child = spawn(command!, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const said: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => void said.push(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void said.push(chunk.toString()));
    const lines: string[] = [];
    const serving = new Map<string, string>();
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX);
    try {
      for await (const line of createInterface({ input: child.stderr })) {
        lines.push(line);
        const surface = parseServing(line);
        if (surface) serving.set(surface.surface, surface.address);
        if (serving.has('grpc') && serving.has('http')) break;
      }
    } finally {
      clearTimeout(timer);
    }
    const [grpc, http] = [serving.get('grpc'), serving.get('http')];
    if (grpc === undefined || http === undefined) throw new NodeEndedError(await exitOf(child), lines);
    child.stderr.resume();
    return new NodeProcess(child, said, { grpc, http });
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Everything it has said so far, on both of its outputs. */
  get log(): string {
    return this.said.join('');
  }

  /** Ends the process and resolves with its exit code; `null` after a kill. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      await exited;
    }
    return this.child.exitCode;
  }

  /** Stops it where it stands, as a machine that hangs. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Resolves with the exit code once the process ends by itself. */
  exited(): Promise<number | null> {
    return exitOf(this.child);
  }
}

/** The server ended before it served. */
export class NodeEndedError extends Error {
  override readonly name = 'NodeEndedError';

  constructor(
    readonly exitCode: number | null,
    readonly lines: readonly string[],
  ) {
    super(`caissond ended with ${exitCode}:\n${lines.join('\n')}`);
  }
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

function parseServing(line: string): { surface: string; address: string } | undefined {
  if (!line.startsWith('{')) return undefined;
  const { surface, addresses } = JSON.parse(line) as { surface?: string; addresses?: readonly string[] };
  return surface !== undefined && addresses?.[0] !== undefined
    ? { surface, address: addresses[0] }
    : undefined;
}

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the CLI to its end. */
export async function runCli(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawn(process.execPath, [CAISSON, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (texts[name] += chunk));
  }
  child.stdin.end(input);
  await once(child, 'close');
  return { exitCode: child.exitCode, ...texts };
}
