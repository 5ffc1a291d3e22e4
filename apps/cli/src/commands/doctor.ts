import { Disk, isCaissonError, KekProvider } from '@caisson/contracts';
import { NodeDisk } from '@caisson/platform-node';
import type { Command } from 'commander';
import { dirname, join, resolve } from 'node:path';
import { checkTransport } from '../data/transport-checks.js';
import { addAction, innermost } from '../session/action.js';
import { addConnectionOptions, withClient, type ConnectionOptions } from '../session/connection.js';
import { printJson, printTable } from '../session/output.js';

interface DoctorOptions extends ConnectionOptions {
  readonly config?: string;
  readonly dataDir?: string;
}

interface Check {
  readonly name: string;
  readonly run: () => Promise<string>;
}

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
}

const NODE_MINIMUM: readonly [number, number] = [20, 19];

export function addDoctor(program: Command): void {
  const command = addConnectionOptions(
    program
      .command('doctor')
      .description(
        'look for what stands in the way: runtime, configuration, disk, node; exit 1 when something does',
      )
      .option('-c, --config <file>', 'also check this configuration')
      .option('--data-dir <path>', 'also check that this directory can hold a node')
      .addHelpText('after', '\nExample:\n  $ caisson doctor --config caisson.yaml --data-dir ./data'),
  );
  addAction<DoctorOptions>(command, async ({ options, output, signal }) => {
    const findings: Finding[] = [];
    for (const { name, run } of checksFor(options, signal)) findings.push(await attempt(name, run));
    if (output.json) printJson(output, { findings });
    else {
      const rows = findings.map(({ check, ok, says }) => [check, ok ? 'ok' : 'FAILED', says]);
      printTable(output, ['check', '', 'says'], rows);
    }
    return findings.every((finding) => finding.ok) ? 0 : 1;
  });
}

function checksFor(options: DoctorOptions, signal: AbortSignal): readonly Check[] {
  const { config, dataDir } = options;
  return [
    { name: 'Node.js', run: checkRuntime },
    ...(config === undefined
      ? []
      : [
          { name: 'configuration', run: () => checkConfig(config) },
          { name: 'peers', run: () => checkPeers(config) },
        ]),
    ...(dataDir === undefined ? [] : [{ name: 'directory', run: () => checkDirectory(dataDir) }]),
    {
      name: `node at ${options.address.join(', ')}`,
      run: () =>
        withClient({ ...options, timeout: Math.min(options.timeout, 3_000) }, async (client) => {
          const { nodeName, ready, groups } = await client.status({ signal });
          const halted = groups.filter((group) => group.halted !== '');
          if (halted.length > 0) throw halted[0]!.halted;
          return `${nodeName} is ${ready ? 'ready' : 'not ready yet'}`;
        }),
    },
  ];
}

async function attempt(check: string, run: () => Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, says: await run() };
  } catch (error) {
    if (typeof error === 'string') return { check, ok: false, says: error };
    const cause = isCaissonError(error) ? innermost(error) : error;
    return { check, ok: false, says: cause instanceof Error ? cause.message : String(cause) };
  }
}

async function checkRuntime(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = NODE_MINIMUM;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return process.version;
  throw `${process.version} is older than ${NODE_MINIMUM.join('.')}`;
}

async function checkConfig(config: string): Promise<string> {
  const file = resolve(config);
  const { createServer, readConfigFile } = await import('../data/server-parts.js');
  const host = await createServer({ document: await readConfigFile(file), directory: dirname(file) });
  const providers = host.graph.nodes.filter((node) => node.provides === KekProvider.name);
  return `fits together, ${providers.length} KEK provider(s)`;
}

async function checkPeers(config: string): Promise<string> {
  const file = resolve(config);
  const { readConfigFile } = await import('../data/server-parts.js');
  return checkTransport(await readConfigFile(file), dirname(file), Date.now());
}

/** Goes through the steps of a durable write once, and leaves nothing behind. */
async function checkDirectory(path: string): Promise<string> {
  const disk: Disk = new NodeDisk();
  const target = resolve(path);
  const folder = (await disk.status(target)) ? target : dirname(target);
  const [temporary, final] = [join(folder, '.caisson-doctor.tmp'), join(folder, '.caisson-doctor')];
  try {
    const file = await disk.create(temporary);
    try {
      await file.write(Uint8Array.of(1), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, final);
    await disk.syncDirectory(folder);
  } finally {
    await disk.remove(temporary);
    await disk.remove(final);
  }
  return `${folder} takes durable writes`;
}
