import { readdirSync, readFileSync, statSync } from 'node:fs';

/**
 * The file system as the script runner wants to see it. @type
 * {import('../dist/conformance/index.js').Folders}
 */
export const folders = {
  list: (path) => (statSync(path).isDirectory() ? readdirSync(path) : undefined),
  read: (path) => readFileSync(path, 'utf8'),
};
