import { print } from '../rule.js';
import { compliantPlugins, executableStubs, honestTests } from './tests.js';

describe('tests', () => {
  const check = (text: string) => honestTests.check([{ path: 'libs/a/src/a.spec.ts', text }]).map(print);

  it.each([
    "it('works', run);",
    "it.skip('works [skipped: needs root]', run);",
    'it.skip(`works [skipped: ${reason}]`, run);',
    "it.each([1])('works with %s', run);",
    "iterator.skip('a'); list.only();",
  ])('may say %s', (text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    ["it.skip('works', run);", 'skips without'],
    ["describe.skip('a store', run);", 'skips without'],
    ['const maybe = isRoot ? it : it.skip;', 'skips without'],
    ["it.only('works', run);", 'keeps the other tests from running'],
    ["it.todo('works');", 'announces a test'],
    ["xit('works', run);", 'says xit'],
    ["fdescribe('works', run);", 'says fdescribe'],
  ])('must not say %s', (text, message) => {
    expect(check(`\n${text}`)).toEqual([expect.stringContaining(`a.spec.ts:2 ${message}`)]);
  });
});

describe('a plugin', () => {
  const manifest = { path: 'libs/plugins/kek-a/package.json', text: '{}' };

  it('has a compliance spec', () => {
    const spec = { path: 'libs/plugins/kek-a/src/compliance.spec.ts', text: '' };
    expect(compliantPlugins.check([manifest, spec])).toEqual([]);
  });

  it('is found without one', () => {
    const found = compliantPlugins.check([manifest]).map(print);
    expect(found).toEqual(['libs/plugins/kek-a has no src/compliance.spec.ts']);
  });
});

describe('a stub of a command', () => {
  const check = (text: string, isExecutable: boolean) =>
    executableStubs.check([{ path: 'apps/cli/bin/caisson.js', text, isExecutable }]).map(print);

  it('can be run', () => {
    expect(check('#!/usr/bin/env node\n', true)).toEqual([]);
  });

  it('is found when it cannot', () => {
    expect(check('#!/usr/bin/env node\n', false)).toEqual(['apps/cli/bin/caisson.js is not executable']);
    expect(check("import '../dist/main.js';", true)).toEqual([
      'apps/cli/bin/caisson.js does not name its interpreter',
    ]);
  });
});
