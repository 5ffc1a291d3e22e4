import type { Plan, Profile } from '../faults/plan.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import type { Finding } from '../oracles/rules.js';
import type { Taken } from './numbers.js';
import { runPlan, runSeed } from '../storm/storm.js';
import type { Verdict } from '../storm/verdict.js';

/** A storm, and what it took. */
export interface Run extends Verdict, Taken {}

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
  /** What the processor has done for this process so far; without it, real time stands for it. */
  readonly processorMs?: (() => number) | undefined;
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
  options: Omit<CampaignOptions, 'seeds' | 'stormMs' | 'twiceEvery'>,
): Promise<readonly Run[]> {
  const { now, onRun, plant, plugins, processorMs, willRecord } = options;
  const runs: Run[] = [];
  for (const plan of plans) {
    const stop = stopwatch(now, processorMs);
    const verdict = await runPlan(plan, { plant, plugins });
    const taken = stop();
    const again = () => runPlan(plan, { plant, plugins, isRecorded: true });
    const run = { ...(await recorded(verdict, again, willRecord)), ...taken };
    runs.push(run);
    onRun?.(run);
  }
  return runs;
}

export async function runTimed(seed: number, options: Omit<CampaignOptions, 'seeds'>): Promise<Run> {
  const { now, plant, plugins, processorMs, profile, stormMs, twiceEvery, willRecord } = options;
  const stop = stopwatch(now, processorMs);
  const verdict = await runSeed({ seed, stormMs, profile }, { plant, plugins });
  const taken = stop();
  const isTwice = twiceEvery > 0 && seed % twiceEvery === 0;
  const again = isTwice ? await runSeed({ seed, stormMs, profile }, { plant, plugins }) : verdict;
  const twice = { ...verdict, findings: [...verdict.findings, ...divergence(verdict, again)] };
  const record = () => runSeed({ seed, stormMs, profile }, { plant, plugins, isRecorded: true });
  return { ...(await recorded(twice, record, willRecord)), ...taken };
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

/** From now on. */
export function stopwatch(now: () => number, processorMs = now): () => Taken {
  const [begunAt, spentBefore] = [now(), processorMs()];
  return () => ({ wallMs: now() - begunAt, cpuMs: processorMs() - spentBefore });
}

/** Of all threads of this process: those that compile and collect work for the storm, too. */
export function processorMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

/** What it means when two runs that should have been one were not. */
export function divergence(expected: Pick<Verdict, 'traceHash'>, { counts, traceHash }: Verdict): Finding[] {
  if (expected.traceHash === traceHash) return [];
  const text = `${traceHash} and not ${expected.traceHash}`;
  return [{ rule: 'H1', atMs: counts.simulatedMs, text }];
}
