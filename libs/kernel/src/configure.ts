import { CONTRACTS_VERSION, type AnyService, type Plugin } from '@caisson/contracts';
import { Problems } from './problems.js';

/** A plugin whose configuration has passed its schema, with the services it then offers. */
export interface ConfiguredPlugin {
  readonly plugin: Plugin;
  readonly config: unknown;
  readonly services: readonly AnyService[];
  readonly modules: readonly unknown[];
}

/** Sections of the configuration by plugin id. */
export type Sections = Readonly<Record<string, unknown>>;

/**
 * Checks every plugin's section against its schema and asks it for its services.
 *
 * All problems of all plugins come back at once as `CONFIG_INVALID`, each with the path of the field.
 */
export async function configure(plugins: readonly Plugin[], sections: Sections): Promise<ConfiguredPlugin[]> {
  const problems = new Problems('CONFIG_INVALID');
  refuseUnknownIds(plugins, sections, problems);
  const configured: ConfiguredPlugin[] = [];
  for (const plugin of plugins) {
    const result = await validate(plugin, sections[plugin.id], problems);
    if (result === undefined) continue;
    const { config } = result;
    const modules = plugin.modules?.(config) ?? [];
    configured.push({ plugin, config, services: plugin.services(config), modules });
  }
  problems.throwIfAny();
  return configured;
}

function refuseUnknownIds(plugins: readonly Plugin[], sections: Sections, problems: Problems): void {
  const seen = new Set<string>();
  for (const plugin of plugins) {
    if (seen.has(plugin.id)) problems.add(`${plugin.id}: two plugins have this id`);
    seen.add(plugin.id);
    if (plugin.contracts !== CONTRACTS_VERSION) {
      problems.add(
        `${plugin.id}: built for contracts ${plugin.contracts}, this host has ${CONTRACTS_VERSION}`,
      );
    }
  }
  for (const id of Object.keys(sections)) {
    if (!seen.has(id)) problems.add(`${id}: no plugin has this id; name its package with "use"`);
  }
}

async function validate(
  plugin: Plugin,
  section: unknown,
  problems: Problems,
): Promise<{ config: unknown } | undefined> {
  const value = section ?? {};
  if (!plugin.config) {
    if (Object.keys(value).length > 0) problems.add(`${plugin.id}: this plugin takes no configuration`);
    return { config: undefined };
  }
  const result = await plugin.config['~standard'].validate(value);
  if (result.issues === undefined) return { config: result.value };
  for (const issue of result.issues)
    problems.add(`${[plugin.id, ...pathOf(issue.path)].join('.')}: ${issue.message}`);
  return undefined;
}

function pathOf(path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string[] {
  return (path ?? []).map((step) => String(typeof step === 'object' ? step.key : step));
}
