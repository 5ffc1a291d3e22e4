import { slot } from './token.js';

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount: number, labels?: Labels): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
}

export interface Histogram {
  record(value: number, labels?: Labels): void;
}

/** One number of a gauge with labels. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface Instrument {
  /** snake_case with the unit last and `_total` for counters; the provider adds the prefix `caisson_`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/**
 * Metrics. An optional slot: a service that finds none counts nothing.
 *
 * Asking twice for one name gives the same instrument. Label values must come from a small fixed set and
 * never from user data.
 */
export interface Meter {
  counter(instrument: Instrument): Counter;
  /**
   * `observe`, where given, is called at each scrape instead of `set`. With labels it answers all samples
   * there are: what it leaves out is gone.
   */
  gauge(instrument: Instrument, observe?: () => number | readonly Sample[]): Gauge;
  histogram(instrument: Instrument & { readonly buckets: readonly number[] }): Histogram;
}

export const Meter = slot<Meter>('Meter');
