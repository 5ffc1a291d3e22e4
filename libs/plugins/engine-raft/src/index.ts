export { consensusOptions, EngineRaftConfig } from './config.js';
export { engineRaft, engineRaft as plugin } from './plugin.js';
export { type EngineServices, RaftEngine } from './raft-engine.js';
