import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePorts } from './cluster/cluster-node.js';
import { CAISSON, CAISSOND } from './node-process.js';

/** One block of a page, as it ran. */
export interface RanBlock {
  readonly text: string;
  readonly output: string;
}

/** The blocks in `sh` of a page, in order. */
export function shellBlocks(page: string): readonly string[] {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
}

/** The page with ports that are free here in place of its own. */
export async function withFreePorts(page: string): Promise<string> {
  const own = [...new Set(page.match(/\b7[789][1-9]0\b/g))];
  const free = new Map<string, string>();
  for (const port of own) {
    const { client } = await freePorts('127.0.0.1');
    free.set(port, client.split(':')[1]!);
  }
  return page.replaceAll(/\b7[789][1-9]0\b/g, (port) => free.get(port)!);
}

/** A block of a page did not run as it stands. */
export class BlockFailedError extends Error {
  override readonly name = 'BlockFailedError';

  constructor(block: RanBlock, outcome: string, logs: string) {
    super(`${outcome}:\n\n${block.text}\nIt said:\n\n${block.output}\n${logs}`);
  }
}

/**
 * Runs blocks one after the other in one `bash` in an empty folder, as a reader would paste them. A command
 * that fails ends it. Nothing that a block started outlives `remove`.
 */
export class GuideRun {
  readonly #processGroups: number[] = [];

  private constructor(
    readonly folder: string,
    private readonly workspace: string,
  ) {}

  static async create(): Promise<GuideRun> {
    const folder = await mkdtemp(join(tmpdir(), 'caisson-guide-'));
    const [bin, workspace] = [join(folder, 'bin'), join(folder, 'reader')];
    await mkdir(bin);
    await mkdir(workspace);
    for (const [name, program] of Object.entries({ caisson: CAISSON, caissond: CAISSOND })) {
      // The process is replaced, so that `$!` is the server and not a shell around it.
      await writeFile(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
      await chmod(join(bin, name), 0o755);
    }
    return new GuideRun(folder, workspace);
  }

  /** Resolves with all blocks when all succeeded; rejects with the first that did not. */
  async run(blocks: readonly string[], timeoutMs: number): Promise<readonly RanBlock[]> {
    const bash = spawn('bash', [await this.#script(blocks)], {
      cwd: this.workspace,
      env: environment(join(this.folder, 'bin')),
      stdio: 'ignore',
      detached: true,
    });
    this.#processGroups.push(bash.pid!);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.#kill();
    }, timeoutMs);
    await once(bash, 'exit');
    clearTimeout(timer);
    const ran = await this.#ran(blocks);
    if (bash.exitCode === 0) return ran;
    const outcome = timedOut ? `not done after ${timeoutMs} ms` : `ended with ${bash.exitCode}`;
    throw new BlockFailedError(ran.at(-1)!, outcome, await this.#logs());
  }

  async remove(): Promise<void> {
    this.#kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async #script(blocks: readonly string[]): Promise<string> {
    const lines = ['set -eo pipefail'];
    for (const [at, text] of blocks.entries()) {
      const file = join(this.folder, `block-${at}.sh`);
      await writeFile(file, text);
      lines.push(`. '${file}' > '${file}.out' 2>&1`);
    }
    const script = join(this.folder, 'page.sh');
    await writeFile(script, `${lines.join('\n')}\n`);
    return script;
  }

  /** The blocks that began, which is all up to one that failed. */
  async #ran(blocks: readonly string[]): Promise<readonly RanBlock[]> {
    const ran: RanBlock[] = [];
    for (const [at, text] of blocks.entries()) {
      const file = join(this.folder, `block-${at}.sh.out`);
      const output = await readFile(file, 'utf8').catch(() => undefined);
      if (output === undefined) break;
      ran.push({ text, output });
    }
    return ran;
  }

  /** The ends of the logs of nodes, where the page keeps them. */
  async #logs(): Promise<string> {
    const logs = ['n1', 'n2', 'n3', 'n4'].map(async (name) => {
      const log = await readFile(join(this.workspace, name, 'log'), 'utf8').catch(() => '');
      return log === '' ? '' : `${name}:\n${log.trim().split('\n').slice(-15).join('\n')}\n`;
    });
    return (await Promise.all(logs)).join('');
  }

  #kill(): void {
    for (const group of this.#processGroups.splice(0)) {
      try {
        process.kill(-group, 'SIGKILL');
      } catch {
        // All of it ended by itself.
      }
    }
  }
}

/** Ours, without anything that would configure what the page configures. */
function environment(bin: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CAISSON_'));
  return { ...Object.fromEntries(inherited), PATH: `${bin}${delimiter}${process.env['PATH']}` };
}
