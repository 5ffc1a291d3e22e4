/** Writes the trace of a random run: `node tools/trace.mjs --seed N --out FILE [--lines N]`. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { traceRun } from '../dist/simulation/index.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    lines: { type: 'string', default: '600' },
  },
});
const lines = traceRun(Number(values.seed), Number(values.lines));
const text = lines.map((line) => `${line}\n`).join('');
if (values.out === undefined) {
  process.stdout.write(text);
} else {
  writeFileSync(resolve(process.env.INIT_CWD ?? process.cwd(), values.out), text);
  process.stdout.write(`${lines.length} lines of seed ${values.seed} in ${values.out}\n`);
}
