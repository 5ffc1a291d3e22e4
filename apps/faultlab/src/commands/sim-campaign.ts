import { processorMs, type Run, runCampaign, runTimed } from '../campaigns/campaign.js';
import { runInProcesses, serveAsJob } from '../campaigns/processes.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import type { Profile } from '../faults/plan.js';
import type { CampaignSetting, KeptRun } from '../reports/report.js';
import { StoredReport } from '../reports/stored.js';
import { untilInterrupted } from './interruption.js';
import { readDocument, UsageError } from './plan-file.js';

export interface SeedsOptions {
  readonly seeds: number;
  readonly from: number;
  readonly seconds: number;
  readonly twiceEvery: number;
  readonly profile: Profile;
  readonly plant?: string | undefined;
  readonly jobs: number;
  readonly plugins?: OwnPlugins | undefined;
  /** The file that names them, for other processes. */
  readonly config?: string | undefined;
  readonly resume?: string | undefined;
  /** Storms that break a rule and are recorded, at most. */
  readonly records: number;
  readonly onRun: (run: Run, done: number) => void;
}

export interface Campaign {
  readonly runs: readonly Run[];
  /** What was run before and is in the report that was named. */
  readonly before: readonly KeptRun[];
  readonly isInterrupted: boolean;
}

const now = () => performance.now();

export function settingOf({
  plant,
  profile,
  seconds: stormMs,
}: Pick<SeedsOptions, 'plant' | 'profile' | 'seconds'>): CampaignSetting {
  return { profile, stormMs, ...(plant !== undefined && { plant }) };
}

/** Seed after seed, or some at once in processes of their own; what a report already holds is left out. */
export async function campaign(options: SeedsOptions): Promise<Campaign> {
  const all = Array.from({ length: options.seeds }, (_, at) => options.from + at);
  const before = options.resume === undefined ? [] : await heldBy(options.resume, options);
  const known = new Set(before.map(({ seed }) => seed));
  const seeds = all.filter((seed) => !known.has(seed));
  let done = 0;
  const onRun = (run: Run): void => options.onRun(run, ++done);
  return untilInterrupted('what is under way comes to its end', async (signal) => {
    const common = { seeds, onRun, signal };
    const runs =
      Math.min(options.jobs, seeds.length) > 1
        ? await runInProcesses({ ...common, jobs: options.jobs, args: argsOf(options) })
        : await runCampaign({ ...timed(options), ...common });
    return { runs, before, isInterrupted: runs.length < seeds.length };
  });
}

/** One of the processes of a campaign. */
export function asJob(options: Omit<SeedsOptions, 'onRun'>): Promise<void> {
  const each = timed(options);
  return serveAsJob((seed) => runTimed(seed, each));
}

function timed(options: Omit<SeedsOptions, 'onRun'>) {
  const { plant, plugins, profile, records, seconds: stormMs, twiceEvery } = options;
  return { plant, plugins, profile, stormMs, twiceEvery, now, processorMs, willRecord: firstOnes(records) };
}

/** Yes, so many times. */
export function firstOnes(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

function argsOf({ config, plant, profile, records, seconds, twiceEvery }: SeedsOptions): readonly string[] {
  const numbers = [
    '--seconds',
    `${seconds / 1000}`,
    '--twice-every',
    `${twiceEvery}`,
    '--records',
    `${records}`,
  ];
  const named = Object.entries({ plant, config }).flatMap(([name, value]) => {
    return value === undefined ? [] : [`--${name}`, value];
  });
  return [...numbers, '--profile', profile, ...named];
}

/** Seeds of a report mean what they mean now only where the rest is the same. */
async function heldBy(path: string, options: SeedsOptions): Promise<readonly KeptRun[]> {
  const parsed = StoredReport.safeParse(await readDocument(path));
  if (!parsed.success) throw new UsageError(`${path} is no report`);
  const { runs, setting } = parsed.data;
  const [was, is] = [JSON.stringify(ordered(setting)), JSON.stringify(ordered(settingOf(options)))];
  if (was !== is) throw new UsageError(`${path} is of other storms: ${was ?? 'no campaign'} and not ${is}`);
  const { from, seeds } = options;
  return runs.filter(({ seed }) => seed >= from && seed < from + seeds);
}

function ordered(setting: CampaignSetting | undefined): object | undefined {
  return setting && { profile: setting.profile, stormMs: setting.stormMs, plant: setting.plant };
}
