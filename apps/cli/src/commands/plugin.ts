import type { CaseResult, PluginVerdict } from '@caisson/compliance';
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { addAction, EXIT } from '../session/action.js';
import { printJson, type Output } from '../session/output.js';
import { addPluginGraph } from './config.js';

interface VerifyOptions {
  readonly directory: string;
}

/** `plugin verify` and `plugin graph`. */
export function addPlugin(program: Command): void {
  const plugin = program
    .command('plugin')
    .description('examine a plugin, or draw how plugins fit together')
    .addHelpText('after', '\nExample:\n  $ caisson plugin verify @acme/caisson-kek-hsm');
  const verify = plugin
    .command('verify')
    .description('run the conformance kits over what a plugin package offers; exit 1 when it does not comply')
    .argument('<package>', 'name of an installed package, or a path that starts with "."')
    .option('--directory <path>', 'look the package up from here', '.')
    .addHelpText('after', '\nExample:\n  $ caisson plugin verify @acme/caisson-kek-hsm');
  addAction<VerifyOptions>(verify, async ({ args, options, output }) => {
    const { NodeClock, importModule, verifyPlugin } = await import('../data/server-parts.js');
    const module = await importModule(args[0]!, resolve(options.directory));
    const onResult = (result: CaseResult) => {
      if (!output.json) output.out(`${lineOf(result)}\n`);
    };
    const verdict = await verifyPlugin(module, { clock: new NodeClock(), onResult });
    if (output.json) printJson(output, { ...verdict, results: verdict.results.map(withErrorText) });
    else printVerdict(output, verdict);
    return verdict.isCompliant ? EXIT.ok : EXIT.notDone;
  });
  addPluginGraph(plugin);
}

function lineOf(result: CaseResult): string {
  if (result.verdict === 'passed') return `passed   ${result.id}`;
  if (result.verdict === 'skipped') return `skipped  ${result.id}: ${result.reason}`;
  return `FAILED   ${result.id}: ${textOf(result.error)}\n         because ${result.because}`;
}

function printVerdict(
  output: Output,
  { plugin, problems, unexamined, results, isCompliant }: PluginVerdict,
): void {
  for (const problem of problems) output.out(`PROBLEM  ${problem}\n`);
  if (unexamined.length > 0) output.out(`no kit for ${unexamined.join(', ')}\n`);
  const count = (verdict: CaseResult['verdict']) =>
    results.filter((result) => result.verdict === verdict).length;
  const counts = `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
  output.out(`\n${plugin}: ${isCompliant ? 'complies' : 'DOES NOT COMPLY'}, ${counts}\n`);
}

function withErrorText(result: CaseResult): object {
  return result.verdict === 'failed' ? { ...result, error: textOf(result.error) } : result;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
