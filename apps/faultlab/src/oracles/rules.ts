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
  R2: { class: 'safety', statement: 'one index and term hold the same bytes in every log' },
  R3: { class: 'safety', statement: 'one payload per applied index, for all nodes and all time' },
  R4: { class: 'safety', statement: 'entries are applied in order, and none is skipped' },
  R5: { class: 'safety', statement: 'an entry comes to the same on every node that applies it' },
  R6: { class: 'safety', statement: 'what was promised is there after any crash' },
  R7: { class: 'safety', statement: 'what was refused is never seen' },
  R8: { class: 'safety', statement: 'terms, votes, commits and what is applied never go back on one disk' },
  R9: { class: 'safety', statement: 'a start is a function of its disk' },
  R10: { class: 'safety', statement: 'a state that was installed is the one that the log leads to' },
  R12: { class: 'safety', statement: 'after a sync that failed no later one of that file is believed' },
  T1: { class: 'safety', statement: 'what clients saw of a key is linearizable' },
  T11: { class: 'safety', statement: 'what clients heard fits the committed log, each in its time' },
  T2: { class: 'safety', statement: 'transactions are as if one came after the other, each in its time' },
  T3: { class: 'safety', statement: 'what was read at a moment stays so, as long as it can be read' },
  T7: { class: 'safety', statement: 'what transactions keep true of several keys holds at every moment' },
  T8: { class: 'safety', statement: 'a value is there until its time is over, and not behind it' },
  T9: { class: 'safety', statement: 'a scan has each key of one moment once, and in order' },
  T4: { class: 'safety', statement: 'commit timestamps grow with the log' },
  T10: { class: 'safety', statement: 'replicas hold the same rows at the same position, once opened' },
  E1: { class: 'crypto', statement: 'no two texts are sealed under one key and nonce' },
  E2: { class: 'crypto', statement: 'under one key and one beginning of a nonce, the count only rises' },
  E4: {
    class: 'crypto',
    statement: 'values and entries have keys of their own, and never pass for each other',
  },
  E5: { class: 'crypto', statement: 'no value leaves a process as it is, to a disk or to a peer' },
  E6: { class: 'crypto', statement: 'no key is seen in what nodes say or store' },
  E7: {
    class: 'crypto',
    statement: 'what is sealed opens at its own place under the KEK, and not otherwise',
  },
  E8: { class: 'crypto', statement: 'what is read is what somebody wrote, or an error' },
  E9: { class: 'crypto', statement: 'an entry that cannot be applied is the next one after a repair' },
  E10: { class: 'crypto', statement: 'a cutover has one index, everywhere and for ever' },
  E11: { class: 'crypto', statement: 'nothing behind a cutover is stored or applied in clear' },
  E12: { class: 'crypto', statement: 'the registry of writers never goes back' },
  E13: { class: 'crypto', statement: 'an epoch is durable before anything is sealed in it' },
  E14: { class: 'crypto', statement: 'two nodes never share a short id under one key' },
  E15: {
    class: 'crypto',
    statement: 'a sidecar is neither behind the keys of its store nor ahead of the log',
  },
  E17: { class: 'crypto', statement: 'a key id stands for one key, for ever' },
  E18: { class: 'crypto', statement: 'a key is erased when nothing is sealed under it any more' },
  E19: { class: 'crypto', statement: 'a node that refuses to start has written nothing' },
  E20: { class: 'crypto', statement: 'a key service that fails does not end a node that serves' },
  E22: { class: 'crypto', statement: 'what is sealed after a rotation is sealed under the new key' },
  L1: { class: 'liveness', statement: 'once nothing is wrong any more, everybody serves and catches up' },
  L2: { class: 'liveness', statement: 'once nothing is wrong any more, the lead stays where it is' },
  L3: { class: 'liveness', statement: 'once nothing is wrong any more, nothing waits in a queue' },
  L5: { class: 'liveness', statement: 'no error that no fault explains' },
  H1: { class: 'divergence', statement: 'one seed is one run' },
  H9: { class: 'divergence', statement: 'a simulated turn leaves the real world alone' },
  H5: { class: 'harness', statement: 'no checker gives up' },
  H7: { class: 'harness', statement: 'two checkers of one history agree' },
  H8: { class: 'harness', statement: 'a scenario comes to what it is about' },
  H6: { class: 'harness', statement: 'a storm without acknowledged writes or without faults shows nothing' },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof RULES;

export interface Finding {
  readonly rule: RuleId;
  /** Virtual time of the storm at which it came out. */
  readonly atMs: number;
  readonly text: string;
  /** The answer that should not have been given, where it was one. */
  readonly about?: About | undefined;
}

/** A read of a client, by what it knows of it. */
export interface About {
  readonly key: string;
  readonly saw?: string | undefined;
  readonly client?: string | undefined;
  readonly untilMs: number;
}

const GRAVEST_FIRST: readonly RuleClass[] = ['safety', 'crypto', 'divergence', 'liveness', 'harness'];

/** The one that a run is named after: the gravest class, and of that the first that was found. */
export function gravest(findings: readonly Finding[]): Finding | undefined {
  const rank = ({ rule }: Finding) => GRAVEST_FIRST.indexOf(RULES[rule].class);
  return [...findings].sort((a, b) => rank(a) - rank(b))[0];
}

/** The same rule's first finding that names the answer it is about: the easiest to explain. */
export function clearest(findings: readonly Finding[]): Finding | undefined {
  const worst = gravest(findings);
  return findings.find(({ about, rule }) => about !== undefined && rule === worst?.rule) ?? worst;
}

export function exitCodeOf(findings: readonly Finding[]): number {
  const worst = gravest(findings);
  return worst === undefined ? EXIT_CODES.ok : EXIT_CODES[RULES[worst.rule].class];
}

export function describeFinding({ atMs, rule, text }: Finding): string {
  return `${rule} at ${atMs} ms (${RULES[rule].statement}): ${text}`;
}
