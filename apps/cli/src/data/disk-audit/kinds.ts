/** What a file is, by where it lies. */
export interface FileKind {
  readonly name: string;
  /** Whether it consists of words and numbers that are no secret, so that it reads like text. */
  readonly isPlain: boolean;
}

const DATABASE = String.raw`(?:db/)?`;
const KINDS: readonly (readonly [pattern: RegExp, name: string, isPlain?: 'plain'])[] = [
  [/^node\.json$/, 'identity', 'plain'],
  [/^LOCK\//, 'lock', 'plain'],
  [/^encryption\/keys\.json$/, 'sidecar', 'plain'],
  [/^encryption\/epoch-floors$/, 'epoch floors'],
  [/\.tmp[^/]*$/, 'leftover'],
  [
    new RegExp(`^groups/\\d+/(store|log)[^/]*/${DATABASE}(CURRENT|IDENTITY|LOCK|OPTIONS-.*|MANIFEST-.*)$`),
    'settings of a database',
    'plain',
  ],
  [new RegExp(`^groups/\\d+/(store|log)[^/]*/${DATABASE}LOG(\\.old.*)?$`), 'notes of a database', 'plain'],
  [/^groups\/\d+\/store\//, 'store'],
  [/^groups\/\d+\/store[^/]*\//, 'replaced or incoming store'],
  [/^groups\/\d+\/log\//, 'log'],
  [/^groups\/\d+\/snapshots\//, 'snapshot'],
  [/^manifest$/, 'backup manifest'],
  [/^groups\/\d+\/[^/]+$/, 'backup piece'],
];

/** By its path below the directory of a node or of a backup. */
export function kindOf(path: string): FileKind {
  const [, name = 'of nobody', plain] = KINDS.find(([pattern]) => pattern.test(path)) ?? [];
  return { name, isPlain: plain !== undefined };
}
