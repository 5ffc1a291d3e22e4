export { DEFAULT_PLUGINS, OPTIONAL_PLUGINS } from './composition.js';
export { prepareDev, type DevSetup } from './dev.js';
export { initialiseNode, KEK_FILE_MODE, type Initialised, type InitialiseOptions } from './initialise.js';
export {
  createServer,
  exitCodeOf,
  reportFailure,
  rootCause,
  runUntilStopped,
  type Process,
  type ServerOptions,
} from './run.js';
