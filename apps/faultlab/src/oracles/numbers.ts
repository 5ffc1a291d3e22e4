import type { Instrument, Labels, Meter, Sample } from '@caisson/contracts';

/** What a process exports in numbers, as text, so that it can be heard like everything that people get. */
export class Numbers implements Meter {
  readonly #lines = new Map<string, number>();
  readonly #observed: (() => void)[] = [];

  counter({ name }: Instrument) {
    return {
      add: (amount: number, labels?: Labels) => {
        const line = lineOf(name, labels);
        this.#lines.set(line, (this.#lines.get(line) ?? 0) + amount);
      },
    };
  }

  gauge({ name }: Instrument, observe?: () => number | readonly Sample[]) {
    const set = (value: number, labels?: Labels) => void this.#lines.set(lineOf(name, labels), value);
    if (observe !== undefined) {
      this.#observed.push(() => {
        const seen = observe();
        if (typeof seen === 'number') set(seen);
        else for (const { labels, value } of seen) set(value, labels);
      });
    }
    return { set };
  }

  histogram({ name }: Instrument) {
    const sum = this.counter({ name, help: '' });
    return { record: (value: number, labels?: Labels) => sum.add(value, labels) };
  }

  /** All numbers as of now. */
  get text(): string {
    for (const observe of this.#observed) observe();
    return [...this.#lines].map(([line, value]) => `${line} ${value}`).join('\n');
  }

  /** A number without labels, or the sum over them. */
  get(name: string): number {
    for (const observe of this.#observed) observe();
    const own = [...this.#lines].filter(([line]) => line === name || line.startsWith(`${name}{`));
    return own.reduce((sum, [, value]) => sum + value, 0);
  }
}

function lineOf(name: string, labels: Labels = {}): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return parts.length === 0 ? name : `${name}{${parts.join()}}`;
}
