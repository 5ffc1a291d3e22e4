/** How a broken rule ends the program: what scripts tell apart. */
export const EXIT_CODES = {
  ok: 0,
  usage: 2,
  safety: 3,
  crypto: 4,
  liveness: 5,
  divergence: 6,
  harness: 7,
} as const;

export type RuleClass = Exclude<keyof typeof EXIT_CODES, 'ok' | 'usage'>;

interface Rule {
  readonly class: RuleClass;
  readonly statement: string;
}

/** What a storm holds the nodes to. Ids are stable: they stand in reports and decide what is minimised. */
export const RULES = {
  R1: { class: 'safety', statement: 'a term has one leader at most' },
  R3: { class: 'safety', statement: 'one payload per applied index, for all nodes and all time' },
  R4: { class: 'safety', statement: 'entries are applied in order, and none is skipped' },
  T1: { class: 'safety', statement: 'what clients saw of a key is linearizable' },
  T10: { class: 'safety', statement: 'replicas hold the same rows at the same position, once opened' },
  E1: { class: 'crypto', statement: 'no two texts are sealed under one key and nonce' },
  E5: { class: 'crypto', statement: 'no value leaves a process as it is, to a disk or to a peer' },
  L1: { class: 'liveness', statement: 'once nothing is wrong any more, everybody serves and catches up' },
  L5: { class: 'liveness', statement: 'no error that no fault explains' },
  H1: { class: 'divergence', statement: 'one seed is one run' },
  H5: { class: 'harness', statement: 'no checker gives up' },
  H6: { class: 'harness', statement: 'a storm without acknowledged writes or without faults shows nothing' },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof RULES;

export interface Finding {
  readonly rule: RuleId;
  /** Virtual time of the storm at which it came out. */
  readonly atMs: number;
  readonly text: string;
}

const GRAVEST_FIRST: readonly RuleClass[] = ['safety', 'crypto', 'divergence', 'liveness', 'harness'];

/** The one that a run is named after: the gravest class, and of that the first that was found. */
export function gravest(findings: readonly Finding[]): Finding | undefined {
  const rank = ({ rule }: Finding) => GRAVEST_FIRST.indexOf(RULES[rule].class);
  return [...findings].sort((a, b) => rank(a) - rank(b))[0];
}

export function exitCodeOf(findings: readonly Finding[]): number {
  const worst = gravest(findings);
  return worst === undefined ? EXIT_CODES.ok : EXIT_CODES[RULES[worst.rule].class];
}

export function describeFinding({ atMs, rule, text }: Finding): string {
  return `${rule} at ${atMs} ms (${RULES[rule].statement}): ${text}`;
}
