import { MemoryStores } from './memory-stores.js';

/** What `caisson plugin verify` runs the store kit over: a `PluginCompliance` of the library of kits. */
export const compliance = {
  kits: [
    {
      kit: 'store' as const,
      harness: () => {
        const stores = new MemoryStores();
        return { stores, directory: (name: string) => `/${name}`, crash: async () => stores.crash() };
      },
    },
  ],
} as const;
