import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { referencePages } from './pages.js';

test.each([...referencePages()])('docs/reference/%s is what `npm run docs` writes', (name, text) => {
  const committed = readFileSync(resolve(import.meta.dirname, '../../../../docs/reference', name), 'utf8');
  expect(committed).toBe(text);
});
