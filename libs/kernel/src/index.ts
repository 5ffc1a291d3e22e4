export { systemAfter, type After } from './bounded.js';
export {
  applyOverrides,
  choosePlugins,
  importModule,
  loadPlugin,
  readConfigFile,
  type ConfigDocument,
  type PluginSet,
  type PluginSources,
} from './config-file.js';
export { configure, type ConfiguredPlugin, type Sections } from './configure.js';
export type { Extension } from './extension.js';
export { toMermaid, type Graph, type GraphEdge, type GraphNode } from './graph.js';
export { createHost, Host, type HostOptions } from './host.js';
export type { LifecycleEvent } from './lifecycle.js';
export { nativeModuleProblem } from './native-module.js';
