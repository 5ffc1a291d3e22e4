export { EnvKek, type EnvKekParts, type Environment } from './env-kek.js';
export { kekEnv, kekEnv as plugin } from './plugin.js';
