import ts from 'typescript';
import type { Complaint, RepoFile, Rule } from '../rule.js';
import { isCode, isSpec, lineOf, parse, walk } from '../source.js';

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;
export const LINE_COLUMNS_MAX = 110;
const SENTENCE_COLUMNS = 80;
export const PARAMETERS_MAX = 4;
export const NESTING_MAX = 3;

export const budgets: Rule = {
  id: 'budgets',
  why: 'what fits on one screen can be understood at once',
  check: (files) =>
    files.filter(({ path }) => isCode(path)).flatMap((file) => [...sizes(file), ...functionBudgets(file)]),
};

function sizes(file: RepoFile): Complaint[] {
  const { path } = file;
  const lines = file.text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const wide = lines.flatMap((text, at) =>
    text.length > LINE_COLUMNS_MAX ? [{ at, columns: text.length }] : [],
  );
  const excused = wide.length === 0 ? new Set() : linesOfSentences(parse(file));
  const complaints = wide
    .filter(({ at }) => !excused.has(at))
    .map(({ at, columns }) => {
      return { path, line: at + 1, message: `has ${columns} columns, at most ${LINE_COLUMNS_MAX}` };
    });
  if (lines.length <= FILE_LINES_MAX) return complaints;
  return [{ path, message: `has ${lines.length} lines, at most ${FILE_LINES_MAX}` }, ...complaints];
}

/** Lines with a text so long that breaking it would cost more than its width does: test names, messages. */
function linesOfSentences(source: ts.SourceFile): ReadonlySet<number> {
  const found = new Set<number>();
  walk(source, (node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return;
    const from = source.getLineAndCharacterOfPosition(node.getStart(source));
    const to = source.getLineAndCharacterOfPosition(node.getEnd());
    if (from.line === to.line && to.character - from.character >= SENTENCE_COLUMNS) found.add(from.line);
  });
  return found;
}

/** Specs are stories: their `describe` blocks are as long as what they tell. */
function functionBudgets(file: RepoFile): Complaint[] {
  if (isSpec(file.path)) return [];
  const source = parse(file);
  const found: Complaint[] = [];
  walk(source, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const line = lineOf(source, node);
    const lines = source.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - line;
    const nesting = nestingOf(node.body as ts.Node);
    const complain = (message: string) =>
      found.push({ path: file.path, line, message: `${nameOf(node)} ${message}` });
    if (lines > FUNCTION_LINES_MAX) complain(`has ${lines} lines, at most ${FUNCTION_LINES_MAX}`);
    if (node.parameters.length > PARAMETERS_MAX) {
      complain(`has ${node.parameters.length} parameters, at most ${PARAMETERS_MAX}`);
    }
    if (nesting > NESTING_MAX) complain(`nests ${nesting} levels deep, at most ${NESTING_MAX}`);
  });
  return found;
}

/** Decisions and loops inside one another. `else if` continues a decision; an inner function starts anew. */
function nestingOf(node: ts.Node): number {
  if (ts.isFunctionLike(node)) return 0;
  const inner = [0];
  ts.forEachChild(node, (child) => void inner.push(nestingOf(child)));
  const isElseIf =
    ts.isIfStatement(node) && ts.isIfStatement(node.parent) && node.parent.elseStatement === node;
  return Math.max(...inner) + (isBranch(node) && !isElseIf ? 1 : 0);
}

function isBranch(node: ts.Node): boolean {
  return ts.isIfStatement(node) || ts.isSwitchStatement(node) || ts.isIterationStatement(node, false);
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : 'a function';
}
