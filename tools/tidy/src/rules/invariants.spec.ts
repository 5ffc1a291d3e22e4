import { print } from '../rule.js';
import { invariants } from './invariants.js';

const code = { path: 'libs/core/raft/src/log.ts', text: "\ninvariant('RAFT-1', isLonger, 'the log grew');" };
const spec = { path: 'libs/core/raft/src/log.spec.ts', text: "it('breaks RAFT-1 when the log shrinks')" };
const table = (...rows: string[]) => ({
  path: 'docs/invariants.md',
  text: [
    '| id | statement | why | asserted at | shown by |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n'),
});
const row = (assertedAt: string, shownBy: string, id = 'RAFT-1') =>
  `| ${id} | Logs only grow. | Votes rest on it. | ${assertedAt} | ${shownBy} |`;
const check = (...files: { path: string; text: string }[]) => invariants.check(files).map(print);

describe('invariants', () => {
  it('agree with their table', () => {
    expect(check(code, spec, table(row(`\`${code.path}\``, '`raft/src/log.spec.ts`')))).toEqual([]);
  });

  it('need a row for each id in the code', () => {
    expect(check(code, spec, table())).toEqual([
      'libs/core/raft/src/log.ts:2 RAFT-1 has no row in docs/invariants.md',
    ]);
  });

  it('need a row also when the call is broken over lines', () => {
    const broken = { ...code, text: "invariant(\n  'RAFT-1',\n  isLonger,\n);" };
    expect(check(broken, table())).toHaveLength(1);
  });

  it.each([
    ['a file that is not there', row('gone.ts', spec.path), '"asserted at" gone.ts, which does not exist'],
    [
      'a test that is not there',
      row(code.path, 'gone.spec.ts'),
      '"shown by" gone.spec.ts, which does not exist',
    ],
    ['no test at all', row(code.path, 'review'), 'names no file as "shown by"'],
    ['a file that does not assert it', row('other.ts', spec.path), 'other.ts, which does not mention it'],
    ['a test that does not show it', row(code.path, 'other.ts'), 'other.ts, which does not mention it'],
    ['a name that fits several files', row('many.ts', spec.path), 'many.ts, which names several files'],
  ])('must not name %s', (_, line, message) => {
    const others = ['libs/base/src/other.ts', 'libs/a/src/many.ts', 'libs/b/src/many.ts'];
    const found = check(code, spec, table(line), ...others.map((path) => ({ path, text: '// RAFT-11' })));
    expect(found).toEqual([expect.stringContaining(message)]);
  });

  it('have one row each', () => {
    const line = row(code.path, spec.path);
    expect(check(code, spec, table(line, line))).toEqual(['docs/invariants.md:4 RAFT-1 has a second row']);
  });
});
