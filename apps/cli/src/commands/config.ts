import type { Command } from 'commander';
import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { addAction } from '../session/action.js';
import { printJson } from '../session/output.js';

interface ConfigOptions {
  readonly config: string;
  readonly set: readonly string[];
}

function withConfig(command: Command): Command {
  return command
    .requiredOption('-c, --config <file>', 'configuration of the server')
    .option('--set <path=value>', 'override one field; may be repeated', collect, []);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function load({ config, set }: ConfigOptions) {
  const { applyOverrides, readConfigFile } = await import('../data/server-parts.js');
  const file = resolve(config);
  const document = applyOverrides(await readConfigFile(file), set);
  return { document, directory: dirname(file) };
}

/** `config check` and `config print`: what the server would say, without starting it. */
export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('check or print a server configuration')
    .addHelpText('after', '\nExample:\n  $ caisson config check --config caisson.yaml');
  const check = withConfig(config.command('check'))
    .description('report every problem at once, with its path')
    .addHelpText('after', '\nExample:\n  $ caisson config check --config caisson.yaml');
  addAction<ConfigOptions>(check, async ({ options, output }) => {
    const { createServer } = await import('../data/server-parts.js');
    const host = await createServer(await load(options));
    const plugins = [...new Set(host.graph.nodes.map((node) => node.plugin))];
    if (output.json) printJson(output, { ok: true, plugins });
    else output.out(`ok: ${plugins.length} plugins fit together\n`);
  });
  const print = withConfig(config.command('print'))
    .description('print the configuration with overrides applied')
    .addHelpText('after', '\nExample:\n  $ caisson config print --config caisson.yaml --set a.b=c');
  addAction<ConfigOptions>(print, async ({ options, output }) => {
    const { document } = await load(options);
    if (output.json) printJson(output, document);
    else output.out(stringify(document));
  });
}

/** `plugin graph`: who needs whom, as a picture. */
export function addPluginGraph(plugin: Command): void {
  const graph = withConfig(plugin.command('graph'))
    .description('draw which service needs which, as a Mermaid flowchart')
    .addHelpText('after', '\nExample:\n  $ caisson plugin graph --config caisson.yaml > graph.mmd');
  addAction<ConfigOptions>(graph, async ({ options, output }) => {
    const { createServer, toMermaid } = await import('../data/server-parts.js');
    const host = await createServer(await load(options));
    if (output.json) printJson(output, host.graph);
    else output.out(toMermaid(host.graph));
  });
}
