import type { Run } from '../campaigns/campaign.js';
import { type Numbers, numbersOf } from '../campaigns/numbers.js';
import { gravest, RULES } from '../oracles/rules.js';

export const REPORT_SCHEMA = 'caisson.faultlab.report/v1';

/** What a run of the program leaves behind. Stories and plans are kept of runs that broke a rule. */
export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  readonly command: string;
  readonly node: string;
  readonly verdict: { readonly class: string; readonly rule?: string; readonly seed?: number };
  readonly numbers: Numbers;
  readonly runs: readonly (Run | Omit<Run, 'story' | 'lanes' | 'plan'>)[];
  readonly untested: readonly string[];
}

/** Said in every report, so that nobody reads more into it than there is. */
export const UNTESTED = [
  'damaged, torn, full or slow disks: what was synced stays, and what was not is gone, whole',
  'RocksDB, gRPC, TLS and real processes: their twins in memory stand in for them',
  'the kernel, the runtime, side channels, members that lie',
] as const;

export interface ReportOptions {
  readonly command: string;
  readonly node: string;
  /** Whether to keep the stories of runs that went well, too. */
  readonly isWhole: boolean;
}

export function toReport(runs: readonly Run[], { command, isWhole, node }: ReportOptions): Report {
  return {
    schema: REPORT_SCHEMA,
    command,
    node,
    verdict: verdictOf(runs),
    numbers: numbersOf(runs),
    runs: runs.map((run) => (isWhole || run.findings.length > 0 ? run : withoutStory(run))),
    untested: UNTESTED,
  };
}

function verdictOf(runs: readonly Run[]): Report['verdict'] {
  const worst = gravest(runs.flatMap(({ findings }) => findings));
  if (worst === undefined) return { class: 'ok' };
  const { seed } = runs.find(({ findings }) => findings.includes(worst))!;
  return { class: RULES[worst.rule].class, rule: worst.rule, seed };
}

function withoutStory(run: Run): Omit<Run, 'story' | 'lanes' | 'plan'> {
  const { story: _story, lanes: _lanes, plan: _plan, ...rest } = run;
  return rest;
}
