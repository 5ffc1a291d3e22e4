import { type Rule, findings, print } from './rule.js';

const noShouting: Rule = {
  id: 'no-shouting',
  why: 'readers have good ears',
  check: (files) =>
    files
      .filter(({ text }) => text.includes('!'))
      .map(({ path }) => ({ path, line: 3, message: 'shouts loudly' })),
};
const files = [
  { path: 'libs/a/loud.ts', text: 'now!' },
  { path: 'libs/b/quiet.ts', text: 'later' },
];
const exempt = (path: string, about?: string) => ({ rule: 'no-shouting', path, about, reason: 'a fair' });

describe('findings', () => {
  it('name the rule, the place and what is wrong', () => {
    const [finding] = findings([noShouting], files);
    expect(finding).toEqual({
      rule: 'no-shouting',
      path: 'libs/a/loud.ts',
      line: 3,
      message: 'shouts loudly',
    });
    expect(finding && print(finding)).toBe('libs/a/loud.ts:3 shouts loudly');
  });

  it.each([
    ['a file', exempt('libs/a/loud.ts')],
    ['a folder', exempt('libs/a/')],
    ['one complaint', exempt('libs/a/', 'loudly')],
  ])('may be excused for %s', (_, exemption) => {
    expect(findings([noShouting], files, [exemption])).toEqual([]);
  });

  it('stay when the exemption is about something else', () => {
    const kept = findings([noShouting], files, [exempt('libs/a/', 'softly')]);
    expect(kept.map(({ message }) => message)).toContain('shouts loudly');
  });

  it('include an exemption that excuses nothing', () => {
    const stale = findings([noShouting], [], [exempt('libs/a/')]);
    expect(stale).toEqual([expect.objectContaining({ path: 'libs/a/', rule: 'no-shouting' })]);
  });
});
