import type { RepoFile, Rule } from '../rule.js';
import { isSpec, linesWith } from '../source.js';

interface Leak {
  readonly pattern: RegExp;
  readonly message: string;
  readonly isAllowedIn: (path: string) => boolean;
}

const nowhere = () => false;

const LEAKS: readonly Leak[] = [
  { pattern: /\/work\//, message: 'names a folder of one machine', isAllowedIn: nowhere },
  { pattern: /\/tmp\//, message: 'names a temporary folder; only tests may', isAllowedIn: isSpec },
  {
    pattern: /\b(issue|ticket) #?\d/i,
    message: 'names a tracker; say the reason itself',
    isAllowedIn: nowhere,
  },
  {
    pattern: /\bshared\/(design|raft|vectors)\b/,
    message: 'names a document that is not in the repository',
    isAllowedIn: nowhere,
  },
  { pattern: /\bregistry\.(npmjs|yarnpkg)\./, message: 'names a package registry', isAllowedIn: nowhere },
];

const UNREAD = new Set(['LICENSE']);

export const discretion: Rule = {
  id: 'discretion',
  why: 'a file must mean the same on every machine and to every reader',
  check: (files) => files.filter(({ path }) => !UNREAD.has(path)).flatMap(leaksIn),
};

export const portableLockfile: Rule = {
  id: 'portable-lockfile',
  why: 'where packages come from is a choice of the machine that installs them',
  check: (files) => {
    const lockfile = files.find(({ path }) => path === 'package-lock.json');
    const settings = files.find(({ path }) => path === '.npmrc')?.text ?? '';
    const hosts = lockfile === undefined ? [] : linesWith(lockfile.text, /"resolved": "(https?|git[^"]*):/);
    const complaints = hosts.map((line) => ({ path: 'package-lock.json', line, message: 'names a host' }));
    if (/^omit-lockfile-registry-resolved=true$/m.test(settings)) return complaints;
    return [...complaints, { path: '.npmrc', message: 'must set omit-lockfile-registry-resolved=true' }];
  },
};

function leaksIn({ path, text }: RepoFile) {
  return LEAKS.filter(({ isAllowedIn }) => !isAllowedIn(path)).flatMap(({ pattern, message }) =>
    linesWith(text, pattern).map((line) => ({ path, line, message })),
  );
}
