import {
  type AnyService,
  CONTRACTS_VERSION,
  KekProvider,
  type Plugin,
  RaftLogs,
  RaftTransport,
  UntrustedStores,
} from '@caisson/contracts';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { OwnFile, ownFiles, type OwnFiles } from './own-files.js';

/** What a file names: modules that a node is made of in place of what it has in a simulation. */
export const Composition = z.strictObject({
  plugins: z.array(z.strictObject({ module: z.string().min(1), config: z.unknown().optional() })).min(1),
  /** What an operator puts on the disk of every machine before its first start, by absolute path. */
  files: z.record(z.string().regex(/^(\/[^/]+)+$/), OwnFile).default({}),
});
export type Composition = z.infer<typeof Composition>;

/** Plugins of somebody else. Each process of each node has services of its own. */
export interface OwnPlugins {
  readonly services: () => readonly AnyService[];
  readonly files: OwnFiles;
  /** Whether one of them provides what is called so. */
  readonly provides: (token: string) => boolean;
}

/** What a simulation can do without: contracts over what it simulates. The rest are its senses. */
const REPLACEABLE: readonly string[] = [UntrustedStores, RaftLogs, RaftTransport, KekProvider].map(
  ({ name }) => name,
);

/** Modules are found as if the file were importing them. `RangeError` says why one cannot be used. */
export async function loadPlugins({ files, plugins }: Composition, path: string): Promise<OwnPlugins> {
  const loaded = await Promise.all(plugins.map(({ config, module }) => load(module, config, path)));
  const services = (): readonly AnyService[] => loaded.flatMap(([plugin, config]) => plugin.services(config));
  const provided = new Set(services().map(({ provides }) => provides.name));
  return { services, files: ownFiles(files), provides: (token) => provided.has(token) };
}

async function load(
  name: string,
  config: unknown,
  path: string,
): Promise<readonly [plugin: Plugin, config: unknown]> {
  const file = createRequire(pathToFileURL(resolve(path))).resolve(name);
  const { plugin } = (await import(pathToFileURL(file).href)) as { readonly plugin?: Plugin };
  if (typeof plugin?.services !== 'function') throw new RangeError(`${name} exports no plugin`);
  if (plugin.contracts !== CONTRACTS_VERSION) {
    throw new RangeError(
      `${name} is built for contracts ${plugin.contracts}, and these are ${CONTRACTS_VERSION}`,
    );
  }
  const value = await checked(plugin, config);
  const others = plugin.services(value).map(({ provides }) => provides.name);
  const foreign = others.filter((token) => !REPLACEABLE.includes(token));
  if (foreign.length === 0) return [plugin, value];
  throw new RangeError(
    `${name} provides ${foreign.join(', ')}; a simulation takes ${REPLACEABLE.join(', ')} from plugins`,
  );
}

async function checked(plugin: Plugin, config: unknown): Promise<unknown> {
  const result = await plugin.config?.['~standard'].validate(config ?? {});
  if (result === undefined) return config;
  if (result.issues === undefined) return result.value;
  throw new RangeError(`${plugin.id}: ${result.issues.map(({ message }) => message).join('; ')}`);
}
