export { compliance } from './compliance.js';
export { MemoryStores, type MemoryStoresConfig } from './memory-stores.js';
export { storeMemory, storeMemory as plugin, storeMemoryOver } from './plugin.js';
