export type LaneState = 'down' | 'starts' | 'serves' | 'leads';

export interface LaneChange {
  readonly atMs: number;
  readonly state: LaneState;
}

/** What each machine was, and since when. */
export class Lanes {
  readonly changes = new Map<string, LaneChange[]>();

  /** Whether that is a change. */
  note(name: string, atMs: number, state: LaneState): boolean {
    const lane = this.changes.get(name) ?? [];
    if (lane.at(-1)?.state === state) return false;
    lane.push({ atMs, state });
    this.changes.set(name, lane);
    return true;
  }
}
