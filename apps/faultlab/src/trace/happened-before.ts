/** How far each lane has come, as somebody knows of it. */
export type Horizon = ReadonlyMap<string, number>;

/** One step of a lane. */
export interface Mark {
  readonly lane: string;
  readonly step: number;
}

/**
 * What could have had an influence on what, kept while it happens. A lane is whatever does one thing after
 * the other: a machine with its disk, a client. Two things on two lanes are in an order only if a message,
 * or a chain of them, leads from one to the other.
 *
 * The past of a step is a beginning of each lane, so that one number for each lane says all of it.
 */
export class HappenedBefore {
  readonly #known = new Map<string, Map<string, number>>();

  /** One more step of a lane. */
  step(lane: string): Mark {
    const known = this.#of(lane);
    const step = known.get(lane)! + 1;
    known.set(lane, step);
    return { lane, step };
  }

  /** Where a lane is. */
  mark(lane: string): Mark {
    return { lane, step: this.#of(lane).get(lane)! };
  }

  /** All that a lane knows of now, itself included: what a message takes along. */
  horizon(lane: string): Horizon {
    return new Map(this.#of(lane));
  }

  /** A message arrives: what its sender knew is known here. */
  hear(lane: string, horizon: Horizon): Mark {
    const known = this.#of(lane);
    for (const [other, step] of horizon) known.set(other, Math.max(step, known.get(other) ?? 0));
    return this.step(lane);
  }

  #of(lane: string): Map<string, number> {
    const known = this.#known.get(lane) ?? new Map<string, number>([[lane, 0]]);
    this.#known.set(lane, known);
    return known;
  }
}

/** Whether a step is in the past that the horizon is of. */
export function isWithin(horizon: Horizon, { lane, step }: Mark): boolean {
  return step <= (horizon.get(lane) ?? 0);
}
