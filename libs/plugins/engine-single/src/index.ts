export { EngineSingleConfig } from './config.js';
export { engineSingle, engineSingle as plugin } from './plugin.js';
export { type EngineServices, SingleEngine } from './single-engine.js';
