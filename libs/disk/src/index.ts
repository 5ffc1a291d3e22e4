export type { GetOptions, IteratorOptions, NativeBatch, NativeIterator, OpenOptions } from './binding.js';
export { Database, type NumericProperty } from './database.js';
export { makeDirectories, syncEntries } from './directories.js';
export { damage, diskFault, type Step } from './faults.js';
