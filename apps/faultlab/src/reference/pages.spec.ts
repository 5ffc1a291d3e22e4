import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PLANTS } from '../plants/plants.js';
import { recordedMutants, referencePages } from './pages.js';

test.each([...referencePages()])('docs/reference/%s is what `npm run docs` writes', (name, text) => {
  const committed = readFileSync(resolve(import.meta.dirname, '../../../../docs/reference', name), 'utf8');
  expect(committed).toBe(text);
});

test('each bug of the recorded run was caught, and is still planted', () => {
  const { results } = recordedMutants();
  expect(results.filter(({ caught }) => caught === undefined)).toEqual([]);
  expect(results.filter(({ plant }) => !(plant in PLANTS))).toEqual([]);
});
