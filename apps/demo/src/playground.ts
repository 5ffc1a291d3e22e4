import { initialiseNode } from '@caisson/server';
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeEndedError, NodeProcess, runCli, type Ran } from './node-process.js';

type Document = Record<string, unknown>;

/** A node in a folder of its own, that can be started, killed and tampered with. */
export class Playground {
  readonly dataDir: string;
  readonly kekPath: string;
  readonly #running: NodeProcess[] = [];

  private constructor(readonly folder: string) {
    this.dataDir = join(folder, 'data');
    this.kekPath = join(folder, 'kek.key');
  }

  static async create(birth: 'encrypted' | 'clear' = 'encrypted', name = 'n1'): Promise<Playground> {
    const playground = new Playground(await mkdtemp(join(tmpdir(), 'caisson-e2e-')));
    await initialiseNode({ dataDir: playground.dataDir, name, birth, kekPath: playground.kekPath });
    return playground;
  }

  get sidecarPath(): string {
    return join(this.dataDir, 'encryption', 'keys.json');
  }

  /** The configuration that serves this node, with sections replaced. */
  document(changes: Document = {}): Document {
    return {
      'platform-node': { log: { format: 'json', level: 'debug' } },
      'data-directory': { path: this.dataDir },
      'kek-file': { path: this.kekPath },
      'gateway-grpc': { listen: '127.0.0.1:0' },
      'admin-http': { listen: '127.0.0.1:0' },
      ...changes,
    };
  }

  async writeConfig(changes: Document = {}): Promise<string> {
    const path = join(this.folder, 'caisson.json');
    await writeFile(path, JSON.stringify(this.document(changes)));
    return path;
  }

  async start(changes: Document = {}, env: NodeJS.ProcessEnv = {}): Promise<NodeProcess> {
    return this.startFrom(await this.writeConfig(changes), env);
  }

  async startFrom(config: string, env: NodeJS.ProcessEnv = {}): Promise<NodeProcess> {
    const node = await NodeProcess.start(['run', '--config', config], env);
    this.#running.push(node);
    return node;
  }

  /** Starts a node that must refuse, and resolves with its exit code and last words. */
  async refusal(changes: Document = {}): Promise<{ exitCode: number | null; text: string }> {
    try {
      const node = await this.start(changes);
      await node.end('SIGKILL');
    } catch (error) {
      if (error instanceof NodeEndedError) return { exitCode: error.exitCode, text: error.lines.join('\n') };
      throw error;
    }
    throw new RangeError('the node served although it should have refused');
  }

  cli(node: NodeProcess, ...args: readonly string[]): Promise<Ran> {
    return runCli([...args, '--address', node.address]);
  }

  /** Digest of each file's content, to show that nothing changed. The lock's own files do not count. */
  async fingerprint(): Promise<Record<string, string>> {
    return fingerprint(this.dataDir, this.dataDir);
  }

  async remove(): Promise<void> {
    for (const node of this.#running) await node.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function fingerprint(root: string, folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const status = await lstat(path);
    if (folder === root && name === 'LOCK') continue;
    if (status.isDirectory()) Object.assign(found, await fingerprint(root, path));
    else
      found[path.slice(root.length + 1)] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
  }
  return found;
}
