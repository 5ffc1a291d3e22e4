/** What kind of file a path names, and the parts of a TypeScript file that rules look at. */
import ts from 'typescript';
import type { RepoFile } from './rule.js';

const CODE = /\.(ts|mts|cts|js|mjs|cjs)$/;

/** Code that people write: neither generated nor the template of a generator. */
export function isCode(path: string): boolean {
  return CODE.test(path) && !path.includes('/gen/') && !/\/generators\/[^/]+\/files\//.test(path);
}

export function isSpec(path: string): boolean {
  return /\.spec(-d)?\.ts$/.test(path) || path.includes('/e2e/') || path.includes('/testdata/');
}

/** Code that reaches users: libraries and apps without their specs. */
export function isShipped(path: string): boolean {
  return isCode(path) && !isSpec(path) && /^(libs|apps)\/.+\/(src|bin)\//.test(path);
}

export function parse({ path, text }: RepoFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** The text with comments and the content of literals blanked out; every position stays where it was. */
export function codeOnly(file: RepoFile): string {
  const source = parse(file);
  const kept: string[] = [];
  let end = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(source);
    if (children.length > 0) return children.forEach(visit);
    const start = node.getStart(source);
    kept.push(
      blank(file.text.slice(end, start)),
      isLiteral(node) ? blank(node.getText(source)) : node.getText(source),
    );
    end = node.getEnd();
  };
  visit(source);
  return kept.join('');
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** Line numbers, from 1, on which `pattern` occurs in `text`. */
export function linesWith(text: string, pattern: RegExp): readonly number[] {
  const everywhere = new RegExp(
    pattern.source,
    pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`,
  );
  return [...text.matchAll(everywhere)].map((match) => text.slice(0, match.index).split('\n').length);
}

/** Every module a file imports, statically, dynamically, by `import type` or by re-export. */
export function importsOf(file: RepoFile): readonly { readonly name: string; readonly line: number }[] {
  const source = parse(file);
  const found: { name: string; line: number }[] = [];
  walk(source, (node) => {
    const name = moduleOf(node);
    if (name !== undefined) found.push({ name, line: lineOf(source, node) });
  });
  return found;
}

function moduleOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const from = node.moduleSpecifier;
    return from !== undefined && ts.isStringLiteral(from) ? from.text : undefined;
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined;
  const [from] = node.arguments;
  return from !== undefined && ts.isStringLiteral(from) ? from.text : undefined;
}

function isLiteral(node: ts.Node): boolean {
  const isTemplatePart = node.kind >= ts.SyntaxKind.TemplateHead && node.kind <= ts.SyntaxKind.TemplateTail;
  return (
    ts.isStringLiteralLike(node) || isTemplatePart || node.kind === ts.SyntaxKind.RegularExpressionLiteral
  );
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
