import { plantSources } from './plants/loading.js';

// Before the first module of the product is loaded: it may be one that a bug is planted into.
plantSources(process.argv);
await import('./program.js');
