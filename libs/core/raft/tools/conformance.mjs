/**
 * Runs every script below the given folders: `node tools/conformance.mjs <folder>… [--seed N] [--freeze]
 * [--rewrite]`.
 *
 * Relative folders start where npm was called. `--freeze` makes everything unwritable that goes into a node
 * or comes out of it; `--rewrite` puts what came out in the place of what was expected.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeDifference, rewriteScript, runScript, scriptsBelow } from '../dist/conformance/index.js';
import { createRandom } from '../dist/simulation/random.js';
import { folders } from './folders.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    freeze: { type: 'boolean', default: false },
    rewrite: { type: 'boolean', default: false },
  },
});

const say = (/** @type {string} */ text) => process.stdout.write(`${text}\n`);
const options = () => ({ random: createRandom(Number(values.seed)).below, isFreezing: values.freeze });
const start = process.env.INIT_CWD ?? process.cwd();
const files = positionals.flatMap((folder) => scriptsBelow(folders, resolve(start, folder)));

let passed = 0;
let directives = 0;
for (const { path, text: written } of files) {
  const text = values.rewrite ? rewriteScript(written, options()) : written;
  if (text !== written) writeFileSync(path, text);
  const result = runScript(text, options());
  directives += result.directives;
  if (result.difference === undefined) {
    passed++;
    say(`ok    ${path} (${result.kind}, ${result.directives} directives)`);
  } else {
    say(`FAIL  ${path} (${result.kind})\n${describeDifference(result.difference)}`);
  }
}
if (files.length === 0) say(`no scripts below ${positionals.join(', ') || '(no folder given)'}`);
say(`passed ${passed} of ${files.length} files, ${directives} directives`);
process.exitCode = passed === files.length && files.length > 0 ? 0 : 1;
