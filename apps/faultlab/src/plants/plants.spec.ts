import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RuleId, RULES } from '../oracles/rules.js';
import { filesOf, PATCHES } from './patches.js';
import { plantNamed, PLANTS } from './plants.js';
import { patched } from './source-hooks.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

test('a planted bug that nobody knows is not taken for none', () => {
  expect(() => plantNamed('none')).toThrow(/LAB-1/);
});

test('each planted bug changes something, and names rules that it may break', () => {
  for (const [name, { breaks, hunt }] of Object.entries(PLANTS)) {
    // Whoever hunts for it may plant it by itself.
    if (!(name in PATCHES) && hunt === undefined) expect(Object.keys(plantNamed(name))).not.toEqual([]);
    expect(breaks.filter((rule) => !(rule in RULES))).toEqual([]);
    expect(breaks).not.toEqual([]);
  }
});

test('a bug planted into sources fits the sources as they are built, once', () => {
  const misfits = Object.entries(PATCHES).flatMap(([name, patch]) =>
    filesOf(patch).flatMap(({ edits, file }) => {
      const source = readFileSync(join(ROOT, `${file}.js`), 'utf8');
      const unfit = edits.filter(([find]) => source.split(find).length !== 2);
      return unfit.map(([find]) => `${name}: ${find}`);
    }),
  );
  expect(misfits).toEqual([]);
});

test('a bug that fits nowhere, or twice, is not planted', () => {
  expect(() => patched('a b a', { file: 'f', edits: [['a', 'c']] })).toThrow('2 places');
  expect(() => patched('b', { file: 'f', edits: [['a', 'c']] })).toThrow('0 places');
});

test('a bug planted into sources does not pass for planted where it is not (LAB-3)', () => {
  expect(() => plantNamed('counts-to-half')).toThrow(/LAB-3/);
});

test('there is a bug for whatever a storm can break', () => {
  const broken = new Set(Object.values(PLANTS).flatMap(({ breaks }) => breaks));
  const isAboutProducts = (rule: string) => !rule.startsWith('H');
  const without = Object.keys(RULES).filter((rule) => isAboutProducts(rule) && !broken.has(rule as RuleId));
  expect(without).toEqual([]);
  expect(Object.keys(PLANTS).length).toBeGreaterThanOrEqual(40);
});
