import type { Run } from '../campaigns/campaign.js';
import type { Word } from '../faults/nemesis.js';
import type { Profile } from '../faults/plan.js';
import { type Numbers, numbersOf } from '../campaigns/numbers.js';
import { gravest, RULES } from '../oracles/rules.js';

export const REPORT_SCHEMA = 'caisson.faultlab.report/v1';
export const SHRUNK_SCHEMA = 'caisson.faultlab.shrunk/v1';

/** A run as a report keeps it: these three only of those that broke a rule, or of all. */
export type KeptRun = Omit<Run, 'story' | 'lanes' | 'plan'> & {
  readonly story?: readonly (Omit<Word, 'kind'> & { readonly kind?: string | undefined })[] | undefined;
  readonly lanes?: Run['lanes'] | undefined;
  readonly plan?: Run['plan'] | undefined;
};

/** What a seed needs beside itself to be the same storm again. */
export interface CampaignSetting {
  readonly profile: Profile;
  readonly stormMs: number;
  readonly plant?: string | undefined;
}

/** What a run of the program leaves behind. Stories and plans are kept of runs that broke a rule. */
export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  readonly command: string;
  readonly node: string;
  readonly verdict: { readonly class: string; readonly rule?: string; readonly seed?: number };
  readonly numbers: Numbers;
  /** What all of its storms had in common, where they had. */
  readonly setting?: CampaignSetting | undefined;
  readonly runs: readonly KeptRun[];
  readonly untested: readonly string[];
}

/** Said in every report, so that nobody reads more into it than there is. */
export const UNTESTED = [
  'real disks and file systems: simulated ones fail, fill up, rot and lose what was not synced',
  'RocksDB, gRPC, TLS and real processes: their twins in memory stand in for them',
  'the kernel, the runtime, side channels, members that lie',
] as const;

export interface ReportOptions {
  readonly command: string;
  readonly node: string;
  /** Whether to keep the stories of runs that went well, too. */
  readonly isWhole: boolean;
  readonly setting?: CampaignSetting | undefined;
}

export function toReport(runs: readonly KeptRun[], options: ReportOptions): Report {
  const { command, isWhole, node, setting } = options;
  return {
    schema: REPORT_SCHEMA,
    command,
    node,
    verdict: verdictOf(runs),
    numbers: numbersOf(runs),
    setting,
    runs: runs.map((run) => (isWhole || run.findings.length > 0 ? run : withoutStory(run))),
    untested: UNTESTED,
  };
}

function verdictOf(runs: readonly KeptRun[]): Report['verdict'] {
  const worst = gravest(runs.flatMap(({ findings }) => findings));
  if (worst === undefined) return { class: 'ok' };
  const { seed } = runs.find(({ findings }) => findings.includes(worst))!;
  return { class: RULES[worst.rule].class, rule: worst.rule, seed };
}

function withoutStory(run: KeptRun): KeptRun {
  const { story: _story, lanes: _lanes, plan: _plan, record: _record, ...rest } = run;
  return rest;
}
