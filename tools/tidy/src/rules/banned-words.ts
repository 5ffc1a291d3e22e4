import type { Complaint, RepoFile, Rule } from '../rule.js';
import { codeOnly, isCode, isShipped, isSpec, linesWith } from '../source.js';

interface BannedWord {
  readonly word: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** `shipped` code, code with specs, or the whole `text` with its comments. */
  readonly where: 'shipped' | 'code' | 'text';
  /** Folders whose business the word is. */
  readonly allowedIn: readonly string[];
}

/** Folders that are the outside world's side of a service, or that no simulation runs. */
const TIMEKEEPERS = ['libs/plugins/platform-node/', 'libs/client/', 'apps/'];
const ENVIRONMENT_READERS = ['libs/plugins/platform-node/', 'libs/plugins/kek-env/', 'apps/'];

const BANNED: readonly BannedWord[] = [
  shipped('Date.now', /\bDate\s*\.\s*now\b/, 'the Clock service', TIMEKEEPERS),
  shipped('new Date()', /\bnew\s+Date\s*\(\s*\)/, 'the Clock service', TIMEKEEPERS),
  shipped('Math.random', /\bMath\s*\.\s*random\b/, 'the Random service', TIMEKEEPERS),
  shipped('setTimeout', /\bsetTimeout\b/, 'the Clock service', TIMEKEEPERS),
  shipped('setInterval', /\bsetInterval\b/, 'the Clock service', TIMEKEEPERS),
  shipped('console.', /\bconsole\s*\./, 'the Logger service, or process.stdout in an app', []),
  shipped('process.env', /\bprocess\s*\.\s*env\b/, 'configuration', ENVIRONMENT_READERS),
  shipped(
    'throw new Error(',
    /\bthrow\s+new\s+Error\s*\(/,
    'CaissonError for the world, invariant for bugs',
    [],
  ),
  { word: 'as any', pattern: /\bas\s+any\b/, instead: 'a type', where: 'code', allowedIn: [] },
  { word: 'FIXME', pattern: /\bFIXME\b/, instead: 'the fix', where: 'text', allowedIn: [] },
  { word: 'TODO', pattern: /\bTODO\b/, instead: 'the work, or nothing', where: 'text', allowedIn: [] },
  { word: '@ts-ignore', pattern: /@ts-ignore/, instead: '@ts-expect-error', where: 'text', allowedIn: [] },
  { word: 'utils', pattern: /\butils\b/, instead: 'a name from the domain', where: 'text', allowedIn: [] },
];

export const bannedWords: Rule = {
  id: 'banned-words',
  why: 'each of these words has a better one in this house',
  check: (files) => files.filter(({ path }) => isCode(path)).flatMap(wordsIn),
};

function shipped(word: string, pattern: RegExp, instead: string, allowedIn: readonly string[]): BannedWord {
  return { word, pattern, instead, where: 'shipped', allowedIn };
}

function wordsIn(file: RepoFile): Complaint[] {
  const code = codeOnly(file);
  const isUnderTest = isShipped(file.path) && !isSpec(file.path);
  return BANNED.flatMap(({ word, pattern, instead, where, allowedIn }) => {
    const isMeant = where !== 'shipped' || isUnderTest;
    if (!isMeant || allowedIn.some((folder) => file.path.startsWith(folder))) return [];
    const lines = linesWith(where === 'text' ? file.text : code, pattern);
    return lines.map((line) => ({
      path: file.path,
      line,
      message: `says ${word}; the house says ${instead}`,
    }));
  });
}
