export { applierEncryption, applierEncryption as plugin } from './plugin.js';
