import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { referencePages } from './pages.js';

const folder = resolve(import.meta.dirname, '../../../../docs/reference');
for (const [name, text] of referencePages()) writeFileSync(resolve(folder, name), text);
