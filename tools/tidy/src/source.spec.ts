import { codeOnly, importsOf, isCode, isShipped, isSpec } from './source.js';

const file = (text: string) => ({ path: 'libs/a/src/a.ts', text });

describe('the parts of a source file', () => {
  it('leaves out comments and the content of literals, and keeps every position', () => {
    const text = "const a = 'one'; // two\n/* three */ f(`four ${five} six`, /seven/);\n/** eight */ g();";
    const code = codeOnly(file(text));
    expect(code).toHaveLength(text.trimEnd().length);
    expect(code.replace(/\s+/g, ' ')).toBe('const a = ; f( five , ); g();');
    expect(code.indexOf('five')).toBe(text.indexOf('five'));
  });

  it('finds imports of every form', () => {
    const text = [
      "import { a } from 'one';",
      "import type { b } from 'two';",
      "export { c } from './three.js';",
      "const d = await import('four');",
      "import 'five';",
    ].join('\n');
    const names = importsOf(file(text)).map(({ name, line }) => `${line} ${name}`);
    expect(names).toEqual(['1 one', '2 two', '3 ./three.js', '4 four', '5 five']);
  });

  it.each([
    ['libs/core/raft/src/log.ts', true, true, false],
    ['libs/core/raft/src/log.spec.ts', true, false, true],
    ['apps/server/e2e/crash.ts', true, false, true],
    ['apps/server/bin/caissond.js', true, true, false],
    ['libs/formats/src/gen/kv.ts', false, false, false],
    ['tools/workspace/generators/plugin/files/src/index.ts', false, false, false],
    ['tools/layers.mjs', true, false, false],
    ['docs/STYLE.md', false, false, false],
  ])('knows what %s is', (path, code, shipped, spec) => {
    expect([isCode(path), isShipped(path), isSpec(path)]).toEqual([code, shipped, spec]);
  });
});
