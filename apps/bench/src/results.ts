import type { Limits, Result } from './measure.js';

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly against?: string;
  readonly budget?: Limits;
}

interface Column extends Row {
  readonly ours: number[];
  readonly theirs: number[];
}

/**
 * What several numbers of each pair come to, row by row. A row whose other side was never there is a figure
 * without a ratio, and without the budget that was meant for the ratio.
 */
export class Results {
  readonly #columns = new Map<string, Column>();

  add(row: Row, ours: number, theirs?: number): void {
    const column = this.#columns.get(row.name) ?? { ...row, ours: [], theirs: [] };
    this.#columns.set(row.name, column);
    column.ours.push(ours);
    if (theirs !== undefined) column.theirs.push(theirs);
  }

  list(): readonly Result[] {
    return [...this.#columns.values()].map(resultOf);
  }
}

function resultOf({ name, unit, against, budget, ours, theirs }: Column): Result {
  if (theirs.length < ours.length) return { name, unit, values: ours };
  const samples = ours.map((value, at) => ({ ours: value, theirs: theirs[at]! }));
  return {
    name,
    unit,
    samples,
    ...(against !== undefined && { against }),
    ...(budget && { budget }),
  };
}
