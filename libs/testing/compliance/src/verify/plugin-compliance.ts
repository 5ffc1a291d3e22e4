import type { HarnessFactory } from '../case.js';
import type { KitId, KitHarnesses } from './kits.js';

/** One kit that a plugin stands up to, and how to make a harness for each of its cases. */
export type OfferedKit = {
  readonly [Id in KitId]: { readonly kit: Id; readonly harness: HarnessFactory<KitHarnesses[Id]> };
}[KitId];

/**
 * What a plugin package exports as `compliance` beside its `plugin`, so that anyone can run the kits over it
 * with `caisson plugin verify <package>`, without the package's own tests.
 *
 * It is plain data: the package needs `@caisson/compliance` for its types alone, as a development dependency.
 * A contract may be offered several times, once per configuration worth examining.
 */
export interface PluginCompliance {
  /** A configuration section under which the plugin tells what it provides. Default `{}`. */
  readonly config?: unknown;
  readonly kits: readonly OfferedKit[];
}
