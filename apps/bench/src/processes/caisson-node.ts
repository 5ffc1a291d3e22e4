import { CAISSOND } from '@caisson/demo';
import { DEFAULT_PLUGINS, prepareDev } from '@caisson/server';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildServer } from './child-server.js';

type Document = Readonly<Record<string, unknown>>;

/** The section that says which groups a node has. */
export const GROUPS_SECTION = DEFAULT_PLUGINS.find(({ id }) => id.startsWith('engine-'))!.id;

const ANY_PORT = { listen: '127.0.0.1:0' };

export interface NodeOptions {
  readonly birth?: 'encrypted' | 'clear';
  /** Sections that replace those of the configuration. */
  readonly changes?: Document;
}

/** A `caissond` in a process of its own, over a folder that outlives it. */
export class CaissonNode {
  private constructor(
    readonly process: ChildServer,
    /** Where its clients reach it. */
    readonly address: string,
    readonly adminAddress: string,
  ) {}

  /** Makes the node's directory the first time. */
  static async start(folder: string, { birth = 'encrypted', changes = {} }: NodeOptions = {}) {
    const { document } = await prepareDev(folder, birth);
    const config = join(folder, 'caisson.json');
    const fixed = { 'platform-node': { log: { format: 'json', level: 'info' } } };
    const listening = { 'gateway-grpc': ANY_PORT, 'admin-http': ANY_PORT };
    await writeFile(config, JSON.stringify({ ...document, ...fixed, ...listening, ...changes }));
    return CaissonNode.startFrom(config);
  }

  /** Resolves once it serves. */
  static async startFrom(config: string): Promise<CaissonNode> {
    const args = [CAISSOND, 'run', '--config', config];
    const child = new ChildServer({ command: process.execPath, args });
    const [grpc, http] = await Promise.all(
      ['grpc', 'http'].map((surface) => child.said((line) => servingAt(line, surface))),
    );
    return new CaissonNode(child, grpc!, http!);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.process.end(signal);
  }
}

function servingAt(line: string, wanted: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const { surface, addresses } = JSON.parse(line) as { surface?: string; addresses?: readonly string[] };
  return surface === wanted ? addresses?.[0] : undefined;
}
