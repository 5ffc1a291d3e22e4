import ts from 'typescript';
import type { Complaint, RepoFile, Rule } from '../rule.js';
import { isShipped, lineOf, parse } from '../source.js';

const CONTAINERS = ['Map', 'Set', 'WeakMap', 'WeakSet'];

export const moduleState: Rule = {
  id: 'module-state',
  why: 'two hosts live in one process without meeting',
  check: (files) => files.filter(({ path }) => isShipped(path) && path.startsWith('libs/')).flatMap(stateIn),
};

function stateIn(file: RepoFile): readonly Complaint[] {
  const source = parse(file);
  return source.statements.filter(ts.isVariableStatement).flatMap(({ declarationList, modifiers }) => {
    if (modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) return [];
    const isConstant = (declarationList.flags & ts.NodeFlags.Const) !== 0;
    return declarationList.declarations.flatMap((declaration) => {
      const message = isConstant ? mutableContainer(declaration) : 'is a variable of the module';
      if (message === undefined) return [];
      const name = declaration.name.getText(source);
      return [{ path: file.path, line: lineOf(source, declaration), message: `${name} ${message}` }];
    });
  });
}

/** A table is fine when its type says that nobody writes to it. */
function mutableContainer({ initializer, type }: ts.VariableDeclaration): string | undefined {
  if (initializer === undefined || !ts.isNewExpression(initializer)) return undefined;
  const container = initializer.expression.getText();
  if (!CONTAINERS.includes(container) || type?.getText().startsWith('Readonly')) return undefined;
  return `is a ${container} of the module; declare it as Readonly${container}, or give it an owner`;
}
