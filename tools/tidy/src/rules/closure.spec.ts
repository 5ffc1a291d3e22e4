import type { RepoFile } from '../rule.js';
import { productionClosure } from './closure.js';

function manifest(folder: string, layer: string, ...dependencies: readonly string[]): RepoFile {
  const name = `@caisson/${folder.split('/').at(-1)}`;
  const needs = Object.fromEntries(dependencies.map((other) => [`@caisson/${other}`, '0.1.0']));
  const text = JSON.stringify({ name, nx: { tags: [`layer:${layer}`] }, dependencies: needs });
  return { path: `${folder}/package.json`, text };
}

const bench = manifest('libs/testing/simulator', 'testing');

test('a server that reaches the test bench by way of a plugin is named with the way', () => {
  const files = [
    bench,
    manifest('libs/plugins/store', 'plugin', 'simulator'),
    manifest('apps/server', 'app', 'store'),
  ];
  expect(productionClosure.check(files)).toEqual([
    {
      path: 'apps/server/package.json',
      message: 'reaches @caisson/simulator: @caisson/server > @caisson/store > @caisson/simulator',
    },
  ]);
});

test('programs beside the server may use it', () => {
  const files = [
    bench,
    manifest('apps/server', 'app'),
    manifest('apps/faultlab', 'app', 'simulator', 'server'),
  ];
  expect(productionClosure.check(files)).toEqual([]);
});
