import type { Complaint, RepoFile, Rule } from '../rule.js';
import { isShipped, linesWith } from '../source.js';

const TABLE = 'docs/invariants.md';
const ASSERTION = /\binvariant\(\s*'([A-Z][A-Z0-9]*-\d+)'/g;
const ID = /^[A-Z][A-Z0-9]*-\d+$/;

interface Row {
  readonly id: string;
  readonly line: number;
  readonly assertedAt: readonly string[];
  readonly shownBy: readonly string[];
}

export const invariants: Rule = {
  id: 'invariants',
  why: 'each invariant is stated once, asserted in code and shown to bite by a test',
  check: (files) => {
    const table = files.find(({ path }) => path === TABLE);
    const rows = table === undefined ? [] : rowsOf(table.text);
    const seen = rows.filter(({ id }, at) => rows.findIndex((row) => row.id === id) !== at);
    const twice = seen.map(({ id, line }) => complaint(line, `${id} has a second row`));
    return [...undocumented(files, rows), ...twice, ...rows.flatMap((row) => broken(row, files))];
  },
};

function rowsOf(text: string): readonly Row[] {
  return text.split('\n').flatMap((line, at) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const id = (cells[1] ?? '').replace(/`/g, '');
    if (!ID.test(id)) return [];
    return [{ id, line: at + 1, assertedAt: pathsIn(cells[4]), shownBy: pathsIn(cells[5]) }];
  });
}

/** Paths are what looks like one; words around them are for people. */
function pathsIn(cell = ''): readonly string[] {
  return [...cell.matchAll(/[\w@./-]+\.(?:ts|mjs|txt|toml)\b/g)].map(([path]) =>
    path.replace(/^(\.\/|\.\.\/)+/, ''),
  );
}

function undocumented(files: readonly RepoFile[], rows: readonly Row[]): readonly Complaint[] {
  return files
    .filter(({ path }) => isShipped(path))
    .flatMap(({ path, text }) => {
      const ids = [...text.matchAll(ASSERTION)].map(([, id]) => id ?? '');
      const missing = [...new Set(ids)].filter((id) => !rows.some((row) => row.id === id));
      return missing.map((id) => ({
        path,
        line: linesWith(text, new RegExp(`'${id}'`))[0],
        message: `${id} has no row in ${TABLE}`,
      }));
    });
}

function broken(row: Row, files: readonly RepoFile[]): readonly Complaint[] {
  const places = [
    { column: 'asserted at', paths: row.assertedAt },
    { column: 'shown by', paths: row.shownBy },
  ];
  return places.flatMap(({ column, paths }) => {
    if (paths.length === 0) return [complaint(row.line, `${row.id} names no file as "${column}"`)];
    return paths.flatMap((path) =>
      brokenPlace(
        row,
        column,
        files.filter((file) => isNamed(file, path)),
        path,
      ),
    );
  });
}

function brokenPlace(
  row: Row,
  column: string,
  found: readonly RepoFile[],
  path: string,
): readonly Complaint[] {
  const [file] = found;
  if (file === undefined)
    return [complaint(row.line, `${row.id} is "${column}" ${path}, which does not exist`)];
  if (found.length > 1)
    return [complaint(row.line, `${row.id} is "${column}" ${path}, which names several files`)];
  if (mentions(file.text, row.id)) return [];
  return [complaint(row.line, `${row.id} is "${column}" ${path}, which does not mention it`)];
}

function mentions(text: string, id: string): boolean {
  return new RegExp(`\\b${id}\\b`).test(text);
}

function isNamed(file: RepoFile, path: string): boolean {
  return file.path === path || file.path.endsWith(`/${path}`);
}

function complaint(line: number, message: string): Complaint {
  return { path: TABLE, line, message };
}
