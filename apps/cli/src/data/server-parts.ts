/** What commands need that look at a server without talking to one. Loaded by them alone: it takes time. */
export { verifyPlugin } from '@caisson/compliance';
export { applyOverrides, importModule, readConfigFile, toMermaid } from '@caisson/kernel';
export { NodeClock } from '@caisson/platform-node';
export { createServer, initialiseNode } from '@caisson/server';
