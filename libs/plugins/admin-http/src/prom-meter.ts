import { invariant } from '@caisson/base';
import type { Counter, Gauge, Histogram, Instrument, Meter, Sample } from '@caisson/contracts';
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';

const PREFIX = 'caisson_';

interface Made {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: string;
  readonly instrument: Counter | Gauge | Histogram;
}

/** Instruments in a registry of their own: two hosts in one process count apart. */
export class PromMeter implements Meter {
  readonly #registry = new Registry();
  readonly #made = new Map<string, Made>();

  counter(instrument: Instrument): Counter {
    return this.#once('counter', instrument, () => {
      const counter = new PromCounter(this.#options(instrument));
      return {
        add: (amount, labels) => (labels === undefined ? counter.inc(amount) : counter.inc(labels, amount)),
      };
    });
  }

  gauge(instrument: Instrument, observe?: () => number | readonly Sample[]): Gauge {
    return this.#once('gauge', instrument, () => {
      const options = this.#options(instrument);
      const gauge = new PromGauge(
        observe === undefined ? options : { ...options, collect: observing(observe) },
      );
      return { set: (value, labels) => (labels === undefined ? gauge.set(value) : gauge.set(labels, value)) };
    });
  }

  histogram(instrument: Instrument & { readonly buckets: readonly number[] }): Histogram {
    return this.#once('histogram', instrument, () => {
      const histogram = new PromHistogram({ ...this.#options(instrument), buckets: [...instrument.buckets] });
      return {
        record: (value, labels) =>
          labels === undefined ? histogram.observe(value) : histogram.observe(labels, value),
      };
    });
  }

  /**
   * Adds what the runtime knows of itself, under its customary names: memory, collections, event loop lag.
   */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in the text format of Prometheus. */
  exposition(): Promise<string> {
    return this.#registry.metrics();
  }

  clear(): void {
    this.#registry.clear();
  }

  #options({ name, help, labels }: Instrument): {
    name: string;
    help: string;
    labelNames: string[];
    registers: Registry[];
  } {
    return { name: `${PREFIX}${name}`, help, labelNames: [...(labels ?? [])], registers: [this.#registry] };
  }

  #once<T extends Counter | Gauge | Histogram>(
    kind: Made['kind'],
    { name, labels }: Instrument,
    make: () => T,
  ): T {
    const label = (labels ?? []).join();
    const made = this.#made.get(name);
    if (made === undefined) {
      const instrument = make();
      this.#made.set(name, { kind, labels: label, instrument });
      return instrument;
    }
    invariant(
      'METER-1',
      made.kind === kind && made.labels === label,
      `two different instruments are called ${name}`,
    );
    return made.instrument as T;
  }
}

/** An observation that fails leaves the gauge as it was: a scrape must not fail for one of its numbers. */
function observing(observe: () => number | readonly Sample[]): (this: PromGauge) => void {
  return function collect(this: PromGauge): void {
    try {
      const seen = observe();
      if (typeof seen === 'number') return this.set(seen);
      this.reset();
      for (const { labels, value } of seen) this.set(labels, value);
    } catch {
      return;
    }
  };
}
