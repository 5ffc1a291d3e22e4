import { DEFAULT_PLUGINS, OPTIONAL_PLUGINS } from '@caisson/server';
import { createProgram } from '../program.js';
import { cliReference } from './cli-reference.js';
import { configReference } from './config-reference.js';

/** Generated pages of docs/reference, by file name. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['cli.md', cliReference(createProgram())],
    ['config.md', configReference([...DEFAULT_PLUGINS, ...OPTIONAL_PLUGINS])],
  ]);
}
