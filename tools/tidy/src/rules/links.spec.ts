import { print } from '../rule.js';
import { links } from './links.js';

const style = { path: 'docs/STYLE.md', text: '# Style\n\n## One word, one meaning\n' };
const check = (text: string) => links.check([style, { path: 'docs/guides/operate.md', text }]).map(print);

describe('links', () => {
  it.each([
    '../STYLE.md',
    '../STYLE.md#one-word-one-meaning',
    '../',
    '../..',
    'https://example.org',
    'mailto:a@b.c',
  ])('may lead to %s', (target) => {
    expect(check(`[there](${target})`)).toEqual([]);
  });

  it.each(['../STILE.md', '../STYLE.md#two-words', '../pictures/'])('must not lead to %s', (target) => {
    expect(check(`Look.\n[there](${target})`)).toEqual([
      `docs/guides/operate.md:2 links to ${target}, which is not there`,
    ]);
  });

  it('are not looked for in code', () => {
    expect(check('`[a](b.md)`\n\n```ts\nf[a](b);\n```\n')).toEqual([]);
  });
});
