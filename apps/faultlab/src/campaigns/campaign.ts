import type { Plan, Profile } from '../faults/plan.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import type { Finding } from '../oracles/rules.js';
import { runPlan, runSeed } from '../storm/storm.js';
import type { Verdict } from '../storm/verdict.js';

/** A storm, and how long it took in real time. */
export interface Run extends Verdict {
  readonly wallMs: number;
}

export interface CampaignOptions {
  readonly seeds: readonly number[];
  readonly stormMs: number;
  /** Every so-manieth seed is run twice, to see whether it is one run; 0 for none. */
  readonly twiceEvery: number;
  readonly plant?: string | undefined;
  readonly profile?: Profile | undefined;
  /** Of somebody else, in place of what the simulation gives. */
  readonly plugins?: OwnPlugins | undefined;
  readonly now: () => number;
  readonly onRun?: (run: Run) => void;
  /** Asked for each storm that broke a rule: whether it is run again and recorded, for a timeline. */
  readonly willRecord?: (() => boolean) | undefined;
  /** No more storms are begun once it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Storm after storm, seed after seed. */
export async function runCampaign(options: CampaignOptions): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const seed of options.seeds) {
    if (options.signal?.aborted === true) break;
    const run = await runTimed(seed, options);
    runs.push(run);
    options.onRun?.(run);
  }
  return runs;
}

/** Directed storms, one after the other, each once. */
export async function runScenarios(
  plans: readonly Plan[],
  {
    now,
    onRun,
    plant,
    plugins,
    willRecord,
  }: Pick<CampaignOptions, 'now' | 'onRun' | 'plant' | 'plugins' | 'willRecord'>,
): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const plan of plans) {
    const begunAt = now();
    const verdict = await runPlan(plan, { plant, plugins });
    const wallMs = now() - begunAt;
    const again = () => runPlan(plan, { plant, plugins, isRecorded: true });
    const run = { ...(await recorded(verdict, again, willRecord)), wallMs };
    runs.push(run);
    onRun?.(run);
  }
  return runs;
}

export async function runTimed(seed: number, options: Omit<CampaignOptions, 'seeds'>): Promise<Run> {
  const { now, plant, plugins, profile, stormMs, twiceEvery, willRecord } = options;
  const begunAt = now();
  const verdict = await runSeed({ seed, stormMs, profile }, { plant, plugins });
  const wallMs = now() - begunAt;
  const isTwice = twiceEvery > 0 && seed % twiceEvery === 0;
  const again = isTwice ? await runSeed({ seed, stormMs, profile }, { plant, plugins }) : verdict;
  const twice = { ...verdict, findings: [...verdict.findings, ...divergence(verdict, again)] };
  const record = () => runSeed({ seed, stormMs, profile }, { plant, plugins, isRecorded: true });
  return { ...(await recorded(twice, record, willRecord)), wallMs };
}

/** A storm that broke a rule, once more, looked at from all sides; it must be the same storm. */
async function recorded(
  verdict: Verdict,
  again: () => Promise<Verdict>,
  willRecord: CampaignOptions['willRecord'] = () => false,
): Promise<Verdict> {
  if (verdict.findings.length === 0 || !willRecord()) return verdict;
  const { record, ...seen } = await again();
  return { ...verdict, record, findings: [...verdict.findings, ...divergence(verdict, seen)] };
}

/** What it means when two runs that should have been one were not. */
export function divergence(expected: Pick<Verdict, 'traceHash'>, { counts, traceHash }: Verdict): Finding[] {
  if (expected.traceHash === traceHash) return [];
  const text = `${traceHash} and not ${expected.traceHash}`;
  return [{ rule: 'H1', atMs: counts.simulatedMs, text }];
}
