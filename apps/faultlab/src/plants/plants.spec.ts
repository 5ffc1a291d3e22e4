import { RULES } from '../oracles/rules.js';
import { plantNamed, PLANTS } from './plants.js';

test('a planted bug that nobody knows is not taken for none', () => {
  expect(() => plantNamed('none')).toThrow(/LAB-1/);
});

test('each planted bug changes something, and names rules that it may break', () => {
  for (const [name, { breaks }] of Object.entries(PLANTS)) {
    expect(Object.keys(plantNamed(name))).not.toEqual([]);
    expect(breaks.filter((rule) => !(rule in RULES))).toEqual([]);
    expect(breaks).not.toEqual([]);
  }
});
