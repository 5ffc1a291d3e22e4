import { errorsPage, layersTable } from '../written.js';
import { rewritten, writtenPages } from './pages.js';

const page = { path: 'docs/a.md', text: 'fresh\n' };
const section = { path: 'docs/b.md', section: 'layers', text: 'fresh\n' };
const around = (text: string) => `before\n<!-- layers:begin -->\n${text}<!-- layers:end -->\nafter\n`;

describe('written pages', () => {
  const { check } = writtenPages([page, section]);
  const files = (whole: string, part: string) => [
    { path: 'docs/a.md', text: whole },
    { path: 'docs/b.md', text: part },
  ];

  it('are in step when they say what the code says', () => {
    expect(check(files('fresh\n', around('fresh\n')))).toEqual([]);
  });

  it.each([
    ['a page is old', files('stale\n', around('fresh\n')), 'docs/a.md'],
    ['a section is old', files('fresh\n', around('stale\n')), 'docs/b.md'],
    ['a section lost its markers', files('fresh\n', 'fresh\n'), 'docs/b.md'],
    ['a page is missing', files('fresh\n', around('fresh\n')).slice(1), 'docs/a.md'],
    ['a file with a section is missing', files('fresh\n', '').slice(0, 1), 'docs/b.md'],
  ])('are out of step when %s', (_, found, path) => {
    expect(check(found).map((complaint) => complaint.path)).toEqual([path]);
  });

  it('keep what people wrote around a section', () => {
    expect(rewritten(section, { path: 'docs/b.md', text: around('stale\n') })).toBe(around('fresh\n'));
  });
});

describe('the page of errors', () => {
  const entry = { wire: 7, grpc: 'UNAVAILABLE', http: 503, exit: 75, retry: 'same-node' } as const;
  const text = errorsPage({
    SEALED: { ...entry, meaning: 'The node has no key.', wayOut: 'Give it one.' },
    EARLIER: { ...entry, wire: 2, meaning: 'Earlier.', wayOut: 'Wait.' },
  });

  it('gives each code a row to search and a section to link to', () => {
    expect(text).toContain('| 7 | [`SEALED`](#sealed) | UNAVAILABLE | 503 | 75 | same-node |');
    expect(text).toContain('### SEALED\n\nThe node has no key.\n\n*Way out:* Give it one.\n');
  });

  it('goes by wire number', () => {
    expect(text.indexOf('EARLIER')).toBeLessThan(text.indexOf('SEALED'));
  });
});

describe('the table of layers', () => {
  it('shows the top first and what each may use', () => {
    const text = layersTable({
      base: { pure: true, may: [], npm: [], why: 'bytes' },
      kernel: { may: ['base'], npm: ['inversify'], why: 'hosts' },
    });
    const rows = [
      '| **kernel** | hosts | base | `inversify` |',
      '| **base** (pure) | bytes | nothing | none |',
    ];
    expect(text.trim().split('\n').slice(2)).toEqual(rows);
  });
});
