/** `npm run docs`: writes every page that follows from the code. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './repository.js';
import { rewritten } from './rules/pages.js';
import { PAGES } from './written.js';

for (const page of PAGES) {
  const full = join(ROOT, page.path);
  const file = existsSync(full) ? { path: page.path, text: readFileSync(full, 'utf8') } : undefined;
  const text = rewritten(page, file);
  if (text === undefined) {
    process.stderr.write(`${page.path} lacks the markers of its section "${page.section}"\n`);
    process.exitCode = 1;
  } else if (text !== file?.text) {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    process.stdout.write(`wrote ${page.path}\n`);
  }
}
