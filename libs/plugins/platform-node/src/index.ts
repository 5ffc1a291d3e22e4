export { compliance } from './compliance.js';
export { NodeClock } from './clock.js';
export { NodeDisk } from './disk.js';
export { NodeHashes } from './hashes.js';
export { createLogger, PinoLogger, type LogOptions } from './logger.js';
export { platformNode, platformNode as plugin } from './plugin.js';
export { NodeRandom } from './random.js';
export { NodeSecrets } from './secrets.js';
