export {
  describeDifference,
  rewriteScript,
  runScript,
  type ScriptOptions,
  type ScriptResult,
} from './run-script.js';
export { type Folders, type ScriptFile, scriptsBelow } from './scripts-below.js';
