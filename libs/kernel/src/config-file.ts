import { CaissonError, isCaissonError, type Plugin } from '@caisson/contracts';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import type { Sections } from './configure.js';
import { Problems } from './problems.js';

/** A configuration as written: one section per plugin id. `false` leaves a built-in plugin out. */
export type ConfigDocument = Readonly<Record<string, unknown>>;

/** Reads YAML or JSON (which is YAML). `CONFIG_NOT_FOUND` or `CONFIG_INVALID` name the file and the line. */
export async function readConfigFile(path: string): Promise<ConfigDocument> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new CaissonError('CONFIG_NOT_FOUND', { path }, { cause });
  }
  let document: unknown;
  try {
    document = parse(text) ?? {};
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0]! : 'not YAML';
    throw new CaissonError('CONFIG_INVALID', { problems: [`${path}: ${reason}`] }, { cause });
  }
  if (!isRecord(document)) {
    throw new CaissonError('CONFIG_INVALID', { problems: [`${path}: must be a mapping of plugin ids`] });
  }
  return document;
}

/**
 * Applies `a.b=c` assignments over a document; the value is read as YAML, so numbers and booleans work. The
 * document itself is not changed.
 */
export function applyOverrides(document: ConfigDocument, assignments: readonly string[]): ConfigDocument {
  const problems = new Problems('CONFIG_INVALID');
  const copy = structuredClone(document) as Record<string, unknown>;
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    const path = assignment.slice(0, Math.max(at, 0)).split('.');
    if (at < 1 || path.some((step) => step === '' || step === '__proto__')) {
      problems.add(`--set ${assignment}: must look like section.field=value`);
      continue;
    }
    if (!assign(copy, path, parse(assignment.slice(at + 1))))
      problems.add(`--set ${assignment}: not a section`);
  }
  problems.throwIfAny();
  return copy;
}

export interface PluginSet {
  readonly plugins: readonly Plugin[];
  readonly sections: Sections;
}

export interface PluginSources {
  /** Plugins of this build, taken unless the document says `false`; others only when it names their id. */
  readonly defaults: readonly Plugin[];
  readonly optional: readonly Plugin[];
  /** Packages named by `use` are looked up from here: the folder of the configuration file. */
  readonly directory: string;
}

/** Decides which plugins run, importing the packages that sections name by `use`. Nothing is discovered. */
export async function choosePlugins(document: ConfigDocument, sources: PluginSources): Promise<PluginSet> {
  const problems = new Problems('PLUGIN_NOT_FOUND');
  const sections: Record<string, unknown> = {};
  const chosen = new Map(sources.defaults.map((plugin) => [plugin.id, plugin]));
  const optional = new Map(sources.optional.map((plugin) => [plugin.id, plugin]));
  for (const [id, section] of Object.entries(document)) {
    if (section === false) {
      chosen.delete(id);
      continue;
    }
    const { use, ...rest } = isRecord(section) ? section : { use: undefined };
    const builtIn = chosen.get(id) ?? optional.get(id);
    const plugin = use === undefined ? builtIn : await importPlugin(String(use), { id, problems, sources });
    if (plugin) chosen.set(id, plugin);
    else if (use === undefined) problems.add(`${id}: not built in; name its package with "use"`);
    sections[id] = isRecord(section) ? rest : (section ?? {});
  }
  problems.throwIfAny();
  return { plugins: [...chosen.values()], sections };
}

interface ImportContext {
  readonly id: string;
  readonly problems: Problems;
  readonly sources: PluginSources;
}

async function importPlugin(
  use: string,
  { id, problems, sources }: ImportContext,
): Promise<Plugin | undefined> {
  try {
    const plugin = await loadPlugin(use, sources.directory);
    if (plugin.id === id) return plugin;
    problems.add(`${id}: ${use} is the plugin ${plugin.id}; name the section so`);
  } catch (error) {
    if (!isCaissonError(error)) throw error;
    problems.add(`${id}: ${error.message}`);
  }
  return undefined;
}

/**
 * Imports a package, or a file relative to `directory`, and returns its export `plugin`.
 *
 * `PLUGIN_NOT_FOUND` when it is not installed there, `PLUGIN_INVALID` when it exports no plugin or fails to
 * load; the cause says why.
 */
export async function loadPlugin(use: string, directory: string): Promise<Plugin> {
  const module = await importModule(use, directory);
  const plugin = module['plugin'];
  if (isRecord(plugin) && typeof plugin['id'] === 'string' && typeof plugin['services'] === 'function') {
    return plugin as unknown as Plugin;
  }
  throw new CaissonError('PLUGIN_INVALID', {
    use,
    reason: 'has no export named "plugin" made by definePlugin',
  });
}

/** The namespace of a package or file, looked up from `directory`. */
export async function importModule(
  use: string,
  directory: string,
): Promise<Readonly<Record<string, unknown>>> {
  const base = resolve(directory, 'package.json');
  let file: string;
  try {
    file = use.startsWith('.') ? resolve(dirname(base), use) : createRequire(base).resolve(use);
  } catch (cause) {
    throw new CaissonError('PLUGIN_NOT_FOUND', { use, directory }, { cause });
  }
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'does not load';
    throw new CaissonError('PLUGIN_INVALID', { use, reason }, { cause });
  }
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): boolean {
  let at = target;
  for (const step of path.slice(0, -1)) {
    at[step] ??= {};
    const next = at[step];
    if (!isRecord(next)) return false;
    at = next as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
  return true;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
