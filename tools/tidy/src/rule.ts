/** One text file of the repository. Paths are relative to the root and use `/`. */
export interface RepoFile {
  readonly path: string;
  readonly text: string;
  readonly isExecutable?: boolean;
}

/** What is wrong, where, and what to do instead. */
export interface Complaint {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

export interface Finding extends Complaint {
  readonly rule: string;
}

/** A house rule: a pure function from files to complaints, so that each can be shown a planted violation. */
export interface Rule {
  readonly id: string;
  readonly why: string;
  check(files: readonly RepoFile[]): readonly Complaint[];
}

/** Permission to break one rule in one place. `path` is a file, or a folder when it ends in `/`. */
export interface Exemption {
  readonly rule: string;
  readonly path: string;
  /** Narrows the permission to complaints whose message contains this text. */
  readonly about?: string;
  readonly reason: string;
}

/**
 * Applies the rules. An exemption that excuses nothing is itself a finding: permissions must not outlive
 * what they were given for.
 */
export function findings(
  rules: readonly Rule[],
  files: readonly RepoFile[],
  exemptions: readonly Exemption[] = [],
): readonly Finding[] {
  const all = rules.flatMap(({ id, check }) => check(files).map((complaint) => ({ rule: id, ...complaint })));
  const unused = exemptions.filter((exemption) => !all.some((finding) => excuses(exemption, finding)));
  const stale = unused
    .filter(({ rule }) => rules.some(({ id }) => id === rule))
    .map(({ rule, path }) => ({
      rule,
      path,
      message: 'is exempted and does not need it; remove the exemption',
    }));
  return [...all.filter((finding) => !exemptions.some((exemption) => excuses(exemption, finding))), ...stale];
}

export function print({ path, line, message }: Complaint): string {
  return `${path}${line === undefined ? '' : `:${line}`} ${message}`;
}

function excuses({ rule, path, about }: Exemption, finding: Finding): boolean {
  const isThere = path.endsWith('/') ? finding.path.startsWith(path) : finding.path === path;
  return rule === finding.rule && isThere && (about === undefined || finding.message.includes(about));
}
