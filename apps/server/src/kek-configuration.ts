import {
  CONTRACTS_VERSION,
  definePlugin,
  KekConfiguration,
  KekProvider,
  type LoadedKeks,
  type Plugin,
  service,
} from '@caisson/contracts';
import { configure, type Host, type PluginSet } from '@caisson/kernel';

/**
 * Reads the configuration of the running server again, for its KEKs alone: whatever else changed in it waits
 * for the next start. Plugins that were not built in are imported where they are named for the first time.
 */
export function kekConfiguration(choose: () => Promise<PluginSet>, host: () => Host): Plugin {
  async function load(signal = new AbortController().signal): Promise<LoadedKeks> {
    const { plugins, sections } = await choose();
    const configured = await configure(plugins, sections);
    const services = configured
      .flatMap((plugin) => plugin.services)
      .filter(({ provides }) => provides.key === KekProvider.key);
    const { instances, stop } = await host().extend(services, signal);
    return { keks: instances as readonly KekProvider[], close: stop };
  }
  return definePlugin({
    id: 'kek-configuration',
    contracts: CONTRACTS_VERSION,
    services: () => [service({ provides: KekConfiguration, create: () => ({ load }) })],
  });
}
