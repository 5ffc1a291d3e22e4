import { describeKit, storeKit, type StoreHarness } from '@caisson/compliance';
import { MemoryStores } from './memory-stores.js';

function makeHarness(): StoreHarness {
  const stores = new MemoryStores();
  return { stores, directory: (name) => `/${name}`, crash: async () => stores.crash() };
}

describeKit(
  storeKit,
  makeHarness,
  { describe, it },
  {
    lacks: { durable: 'memory is not durable', damage: 'there are no files to damage' },
  },
);
