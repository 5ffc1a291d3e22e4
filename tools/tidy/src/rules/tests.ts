import ts from 'typescript';
import type { Complaint, RepoFile, Rule } from '../rule.js';
import { isSpec, lineOf, parse, walk } from '../source.js';

const RUNNERS = ['it', 'test', 'describe'];
const UNREASONED = ['xit', 'xtest', 'xdescribe', 'fit', 'fdescribe'];

export const honestTests: Rule = {
  id: 'honest-tests',
  why: 'a test that does not run says why, and none runs at the expense of the others',
  check: (files) => files.filter(({ path }) => isSpec(path) && path.endsWith('.ts')).flatMap(silences),
};

export const compliantPlugins: Rule = {
  id: 'compliant-plugins',
  why: 'a plugin is what passes the kit of its contract',
  check: (files) => {
    const folders = files.flatMap(
      ({ path }) => /^(libs\/plugins\/[^/]+)\/package\.json$/.exec(path)?.[1] ?? [],
    );
    const bare = folders.filter(
      (folder) => !files.some(({ path }) => path === `${folder}/src/compliance.spec.ts`),
    );
    return bare.map((path) => ({ path, message: 'has no src/compliance.spec.ts' }));
  },
};

export const executableStubs: Rule = {
  id: 'executable-stubs',
  why: 'npm links a bin as it is, and a stub that cannot run is found by the user',
  check: (files) => {
    const stubs = files.filter(({ path }) => /^(apps|libs|tools)\/.+\/bin\/[^/]+$/.test(path));
    return stubs.flatMap(({ path, text, isExecutable }) => [
      ...(isExecutable === true ? [] : [{ path, message: 'is not executable' }]),
      ...(text.startsWith('#!') ? [] : [{ path, message: 'does not name its interpreter' }]),
    ]);
  },
};

function silences(file: RepoFile): readonly Complaint[] {
  const source = parse(file);
  const found: Complaint[] = [];
  walk(source, (node) => {
    const message = silence(node);
    if (message !== undefined) found.push({ path: file.path, line: lineOf(source, node), message });
  });
  return found;
}

function silence(node: ts.Node): string | undefined {
  if (
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    UNREASONED.includes(node.expression.text)
  ) {
    return `says ${node.expression.text}; skip with a reason, or not at all`;
  }
  if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  if (!RUNNERS.includes(node.expression.text)) return undefined;
  if (node.name.text === 'only') return 'keeps the other tests from running';
  if (node.name.text === 'todo') return 'announces a test instead of writing it';
  if (node.name.text !== 'skip' || isReasoned(node)) return undefined;
  return 'skips without `[skipped: reason]` in the name; use skipUnless(condition, reason)';
}

function isReasoned(node: ts.PropertyAccessExpression): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) || call.expression !== node) return false;
  return call.arguments[0]?.getText().includes('[skipped: ') === true;
}
