import { print } from '../rule.js';
import { budgets } from './budgets.js';

const check = (text: string, path = 'libs/base/src/bytes.ts') => budgets.check([{ path, text }]).map(print);
const lines = (count: number, line = 'f();') => `${line}\n`.repeat(count);

describe('budgets', () => {
  it('let a file have 400 lines and not one more', () => {
    expect(check(lines(400))).toEqual([]);
    expect(check(lines(401))).toEqual(['libs/base/src/bytes.ts has 401 lines, at most 400']);
  });

  it('let a line have 110 columns and not one more', () => {
    expect(check(`//${'x'.repeat(108)}`)).toEqual([]);
    expect(check(`f();\n//${'x'.repeat(109)}`)).toEqual([
      'libs/base/src/bytes.ts:2 has 111 columns, at most 110',
    ]);
  });

  it('do not break a sentence to save a few columns', () => {
    const title = `'${'a synced batch survives '.repeat(4)}'`;
    expect(check(`test(${title}, async () => { f(); g(); });`)).toEqual([]);
    expect(check(`test('short', f, ${'x'.repeat(110)});`)).toHaveLength(1);
  });

  it('let a function have 70 lines and not one more', () => {
    expect(check(`function long() {\n${lines(68)}}`)).toEqual([]);
    const found = check(`\nfunction long() {\n${lines(69)}}`);
    expect(found).toEqual(['libs/base/src/bytes.ts:2 long has 71 lines, at most 70']);
  });

  it.each([
    ['an arrow', `const long = () => {\n${lines(70)}};`, 'long'],
    ['a method', `class A { long() {\n${lines(70)}} }`, 'long'],
    ['a constructor', `class A { constructor() {\n${lines(70)}} }`, 'constructor'],
    ['a callback', `run(() => {\n${lines(70)}});`, 'a function'],
  ])('measure %s', (_, text, name) => {
    expect(check(text).join()).toContain(`${name} has 72 lines`);
  });

  it('let a function have four parameters', () => {
    expect(check('function f(a, b, c, d) {}')).toEqual([]);
    expect(check('function f(a, b, c, d, e) {}')).toEqual([
      'libs/base/src/bytes.ts:1 f has 5 parameters, at most 4',
    ]);
  });

  it('let decisions and loops nest three levels deep', () => {
    expect(check('function f() { for (;;) { if (a) { while (b) { g(); } } } }')).toEqual([]);
    expect(check('function f() { for (;;) { if (a) { while (b) { if (c) g(); } } } }')).toEqual([
      'libs/base/src/bytes.ts:1 f nests 4 levels deep, at most 3',
    ]);
  });

  it('count a chain of else-if as one level', () => {
    const chain = 'if (a) g(); else if (b) g(); else if (c) g(); else if (d) g();';
    expect(check(`function f() { ${chain} }`)).toEqual([]);
  });

  it('leave generated code alone, and let specs tell long stories', () => {
    expect(check(lines(500), 'libs/formats/src/gen/kv.ts')).toEqual([]);
    expect(check(`describe('a', () => {\n${lines(90)}});`, 'libs/base/src/bytes.spec.ts')).toEqual([]);
  });
});
