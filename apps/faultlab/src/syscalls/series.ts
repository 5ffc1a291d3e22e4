import type { Steps, Told } from './told.js';

/**
 * What a real process does to files in a folder, step after step, and what those steps may leave. Each part
 * runs in a process of its own.
 */
export interface Series {
  /** What is there before. */
  prepare(folder: string): Promise<void>;
  /** The process that does not come to its end. Steps are numbered in the order in which they begin. */
  run(folder: string, steps: Steps): Promise<void>;
  /** Opens what is left and closes it again. */
  recover(folder: string): Promise<void>;
  /** What is wrong with what is left, if anything is; writes on, and reads that again. */
  judge(folder: string, told: Told): Promise<string | undefined>;
}

interface Known {
  readonly about: string;
  /** Loads no more than it needs: hundreds of processes begin with this. */
  load(): Promise<Series>;
}

export const SERIES = {
  store: {
    about: 'batches, synced and not, and merged files',
    load: async () => (await import('./store-series.js')).storeSeries,
  },
  log: {
    about: 'appends, replaced suffixes, compaction and a new start',
    load: async () => (await import('./log-series.js')).logSeries,
  },
  node: {
    about: 'a whole node is written to, its keys are rotated and its log is compacted',
    load: async () => (await import('./node-series.js')).nodeSeries,
  },
} as const satisfies Readonly<Record<string, Known>>;

export type SeriesName = keyof typeof SERIES;
export const SERIES_NAMES = Object.keys(SERIES) as readonly SeriesName[];
