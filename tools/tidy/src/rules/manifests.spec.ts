import { print } from '../rule.js';
import { layeredManifests, pinnedVersions, reasonedDependencies } from './manifests.js';

const rule = layeredManifests({
  base: { may: [], npm: [], why: 'bytes' },
  plugin: { may: ['base'], specs: ['testing'], npm: ['rocksdb'], why: 'implementations' },
  testing: { may: ['base'], npm: [], why: 'kits' },
});
const project = (name: string, layer: string, more: object = {}) => ({
  path: `libs/${name}/package.json`,
  text: JSON.stringify({ name: `@caisson/${name}`, nx: { tags: [`layer:${layer}`] }, ...more }),
});
const others = [project('base', 'base'), project('kits', 'testing')];
const check = (more: object, layer = 'plugin') =>
  rule.check([...others, project('store', layer, more)]).map(print);

describe('the dependencies of a package', () => {
  it('may be what its layer may import', () => {
    const dependencies = { '@caisson/base': '0.1.0', rocksdb: '5.2.1' };
    expect(
      check({ dependencies, devDependencies: { '@caisson/kits': '0.1.0', 'fast-check': '4.3.0' } }),
    ).toEqual([]);
  });

  it.each([
    ['a layer above', { '@caisson/kits': '0.1.0' }],
    ['an npm package of another layer', { inversify: '8.2.3' }],
  ])('must not be %s', (_, dependencies) => {
    const [name] = Object.keys(dependencies);
    expect(check({ dependencies })).toEqual([
      `libs/store/package.json layer plugin may not depend on ${name}`,
    ]);
  });

  it('must not reach a forbidden layer by way of specs either', () => {
    expect(check({ devDependencies: { '@caisson/store': '0.1.0' } })).toHaveLength(1);
  });

  it('belong to a known layer', () => {
    expect(check({}, 'cellar')).toEqual([expect.stringContaining('needs exactly one tag')]);
  });
});

describe('versions', () => {
  const loose = (version: string) =>
    pinnedVersions.check([{ path: 'package.json', text: JSON.stringify({ dependencies: { a: version } }) }]);

  it.each(['1.2.3', '1.2.3-rc.1', 'npm:@typescript/typescript6@6.0.2'])('may be %s', (version) => {
    expect(loose(version)).toEqual([]);
  });

  it.each(['^1.2.3', '~1.2.3', '1', '*', 'latest', '>=1.2.3', 'npm:typescript@^7.0.0'])(
    'must not be %s',
    (version) => {
      expect(loose(version)).toEqual([
        { path: 'package.json', message: `a is "${version}", not one version` },
      ]);
    },
  );
});

describe('a package that is shipped', () => {
  const page = { path: 'docs/dependencies.md', text: '| `rocksdb` | store | it lasts |\n' };
  const complaints = (dependencies: object) =>
    reasonedDependencies.check([page, project('store', 'plugin', { dependencies })]).map(print);

  it('has its reason in the list, and the list has nothing else', () => {
    expect(complaints({ rocksdb: '5.2.1', '@caisson/base': '0.1.0' })).toEqual([]);
    expect(complaints({ lodash: '4.0.0' })).toEqual([
      'libs/store/package.json lodash has no line in docs/dependencies.md',
      'docs/dependencies.md nothing depends on rocksdb',
    ]);
  });
});
