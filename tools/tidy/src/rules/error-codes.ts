import type { Complaint, RepoFile, Rule } from '../rule.js';

const CODE_LIKE = /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g;
const VARIABLE = /^(CAISSON|NODE|NX|NPM)_/;

/**
 * What looks like an error code in the documents is one. `others` are names of that look that are not codes.
 */
export function realErrorCodes(codes: readonly string[], others: readonly string[] = []): Rule {
  const known: ReadonlySet<string> = new Set([...codes, ...others]);
  return {
    id: 'real-error-codes',
    why: 'an operator searches for the code that the document names',
    check: (files) =>
      files.filter(({ path }) => path.endsWith('.md')).flatMap((file) => strangers(file, known)),
  };
}

function strangers({ path, text }: RepoFile, known: ReadonlySet<string>): readonly Complaint[] {
  return text.split('\n').flatMap((line, at) => {
    const names = [...line.matchAll(CODE_LIKE)].map(([, name]) => name ?? '');
    const unknown = names.filter((name) => !known.has(name) && !VARIABLE.test(name));
    return unknown.map((name) => ({ path, line: at + 1, message: `names ${name}, which is no error code` }));
  });
}
