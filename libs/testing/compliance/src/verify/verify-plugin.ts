import { CaissonError, CONTRACTS_VERSION, type Plugin } from '@caisson/contracts';
import type { Harness, Kit } from '../case.js';
import { type CaseResult, runCases, type RunOptions } from '../run-cases.js';
import { KITS, kitFor, type KitId } from './kits.js';
import type { OfferedKit } from './plugin-compliance.js';

/** What `verifyPlugin` found. */
export interface PluginVerdict {
  readonly plugin: string;
  /** No problem, and no case failed. Skipped cases are not held against it; they are listed. */
  readonly isCompliant: boolean;
  /** What keeps the plugin from being examined, in part or at all. */
  readonly problems: readonly string[];
  /** Names of contracts it provides for which there is no kit. */
  readonly unexamined: readonly string[];
  readonly results: readonly CaseResult[];
}

/**
 * Runs every kit that a plugin's module offers in its export `compliance`, and says which of the contracts it
 * provides went unexamined. `PLUGIN_INVALID` for a module without a plugin.
 *
 * The plugin is asked for its services, and none is created: harnesses make what the kits work on.
 */
export async function verifyPlugin(
  module: Readonly<Record<string, unknown>>,
  options: RunOptions = {},
): Promise<PluginVerdict> {
  const plugin = pluginIn(module);
  const { config, kits } = complianceIn(module);
  const problems: string[] = [];
  if (plugin.contracts !== CONTRACTS_VERSION) {
    problems.push(
      `built for contracts ${plugin.contracts}; these kits examine contracts ${CONTRACTS_VERSION}`,
    );
  }
  const provided = await providedBy(plugin, config, problems);
  const offered = kits.filter((each) => isKnown(each, problems));
  for (const token of provided) {
    const kit = kitFor(token);
    if (kit !== undefined && !offered.some((each) => each.kit === kit)) {
      problems.push(`provides ${token} and offers no harness for the ${kit} kit`);
    }
  }
  const results: CaseResult[] = [];
  for (const each of offered) results.push(...(await runOffered(each, options)));
  const isCompliant = problems.length === 0 && results.every(({ verdict }) => verdict !== 'failed');
  const unexamined = provided.filter((token) => kitFor(token) === undefined);
  return { plugin: plugin.id, isCompliant, problems, unexamined, results };
}

function pluginIn(module: Readonly<Record<string, unknown>>): Plugin {
  const plugin = module['plugin'];
  if (isRecord(plugin) && typeof plugin['id'] === 'string' && typeof plugin['services'] === 'function') {
    return plugin as unknown as Plugin;
  }
  throw new CaissonError('PLUGIN_INVALID', { reason: 'has no export named "plugin" made by definePlugin' });
}

function complianceIn({ compliance }: Readonly<Record<string, unknown>>): {
  readonly config: unknown;
  readonly kits: readonly unknown[];
} {
  if (!isRecord(compliance) || !Array.isArray(compliance['kits'])) return { config: {}, kits: [] };
  return { config: compliance['config'] ?? {}, kits: compliance['kits'] as readonly unknown[] };
}

/** Names of the contracts that the plugin provides under its example configuration. */
async function providedBy(plugin: Plugin, config: unknown, problems: string[]): Promise<readonly string[]> {
  let value: unknown;
  if (plugin.config !== undefined) {
    const result = await plugin.config['~standard'].validate(config);
    if (result.issues !== undefined) {
      const messages = result.issues.map(({ message }) => message).join('; ');
      problems.push(`its own example configuration does not pass its schema: ${messages}`);
      return [];
    }
    ({ value } = result);
  }
  return [...new Set(plugin.services(value).map(({ provides }) => provides.name))];
}

function isKnown(offered: unknown, problems: string[]): offered is OfferedKit {
  const kit = isRecord(offered) ? offered['kit'] : undefined;
  const isKit = typeof kit === 'string' && Object.hasOwn(KITS, kit);
  if (isKit && isRecord(offered) && typeof offered['harness'] === 'function') return true;
  problems.push(
    `offers ${isKit ? `the ${kit} kit without a harness` : `a kit that is not known: ${String(kit)}`}`,
  );
  return false;
}

function runOffered(offered: OfferedKit, options: RunOptions): Promise<readonly CaseResult[]> {
  const { kit, harness } = offered as { readonly kit: KitId; readonly harness: () => Harness };
  const { cases } = KITS[kit] as unknown as Kit<Harness>;
  return runCases(cases, harness, options);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
