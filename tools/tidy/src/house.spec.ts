import { EXEMPTIONS } from './exemptions.js';
import { HOUSE_RULES } from './house.js';
import { readRepository } from './repository.js';
import { findings, print } from './rule.js';

const files = readRepository();

describe('the repository keeps the rules of the house', () => {
  it('is seen whole', () => {
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['package.json', 'tools/layers.mjs', 'libs/base/src/index.ts']),
    );
    expect(paths.filter((path) => path.startsWith('node_modules/'))).toEqual([]);
  });

  it.each(HOUSE_RULES)('$id: $why', (rule) => {
    const exemptions = EXEMPTIONS.filter((exemption) => exemption.rule === rule.id);
    expect(findings([rule], files, exemptions).map(print)).toEqual([]);
  });

  it('exempts only from rules that exist', () => {
    const ids = HOUSE_RULES.map(({ id }) => id);
    expect(EXEMPTIONS.filter(({ rule }) => !ids.includes(rule))).toEqual([]);
  });
});
