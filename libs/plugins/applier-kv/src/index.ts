export { ApplierKvConfig } from './config.js';
export { applierKv, applierKv as plugin } from './plugin.js';
