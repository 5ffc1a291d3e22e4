import { definePlugin, service, UntrustedStores, type Plugin } from '@caisson/contracts';
import { MemoryStores, type MemoryStoresConfig } from './memory-stores.js';

type ConfigSchema = NonNullable<Plugin<MemoryStoresConfig>['config']>;

/** One optional boolean does not earn a schema library. */
const MemoryStoresSchema: ConfigSchema = {
  '~standard': {
    version: 1,
    vendor: 'caisson',
    validate(input) {
      if (input === undefined || input === null) return { value: {} };
      if (typeof input !== 'object') return { issues: [{ message: 'expected an object' }] };
      const unknown = Object.keys(input).filter((name) => name !== 'syncedWrites');
      const { syncedWrites } = input as { readonly syncedWrites?: unknown };
      const issues = unknown.map((name) => ({ message: 'is not an option of this plugin', path: [name] }));
      if (syncedWrites === undefined || typeof syncedWrites === 'boolean') {
        return issues.length > 0 ? { issues } : { value: { syncedWrites } };
      }
      return { issues: [...issues, { message: 'expected true or false', path: ['syncedWrites'] }] };
    },
  },
};

/** Stores that live and die with their host. */
export const storeMemory = storeMemoryOf((config) => new MemoryStores(config));

/** A plugin over stores that outlive the host: a test restarts the host and finds what it wrote. */
export function storeMemoryOver(stores: MemoryStores): Plugin<MemoryStoresConfig> {
  return storeMemoryOf(() => stores);
}

function storeMemoryOf(create: (config: MemoryStoresConfig) => MemoryStores): Plugin<MemoryStoresConfig> {
  return definePlugin({
    id: 'store-memory',
    contracts: 1,
    config: MemoryStoresSchema,
    services: (config) => [service({ provides: UntrustedStores, create: () => create(config) })],
  });
}
