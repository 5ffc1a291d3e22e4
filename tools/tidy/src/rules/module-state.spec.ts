import { print } from '../rule.js';
import { moduleState } from './module-state.js';

const check = (text: string, path = 'libs/core/kv/src/cache.ts') =>
  moduleState.check([{ path, text }]).map(print);

describe('the state of a module', () => {
  it.each([
    'let count = 0;',
    'export let count = 0;',
    'var count = 0;',
    'const count = new Map();',
    'const count = new WeakMap<object, string>();',
    'export const count: Set<string> = new Set();',
  ])('is found: %s', (text) => {
    expect(check(`f();\n${text}`)).toEqual([
      expect.stringMatching(/^libs\/core\/kv\/src\/cache\.ts:2 count is a /),
    ]);
  });

  it.each([
    'const limit = 5;',
    'const names: ReadonlyMap<string, number> = new Map([["a", 1]]);',
    'function f() { let count = 0; }',
    'class A { #seen = new Map(); }',
    'declare var TextEncoder: object;',
  ])('is not: %s', (text) => {
    expect(check(text)).toEqual([]);
  });

  it('is left to specs and apps', () => {
    expect(check('let count = 0;', 'libs/core/kv/src/cache.spec.ts')).toEqual([]);
    expect(check('let count = 0;', 'apps/cli/src/main.ts')).toEqual([]);
  });
});
