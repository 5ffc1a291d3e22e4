import type { Finding } from '../oracles/rules.js';
import type { Deed } from './points.js';
import type { SeriesName } from './series.js';
import type { PointDone } from './sweep.js';

/** What came of all points of a series. */
export interface Summary {
  readonly series: SeriesName;
  /** Points at which something happened, by what. */
  readonly reached: Readonly<Record<Deed, number>>;
  readonly notReached: number;
  readonly killedAgain: number;
  readonly givenUp: number;
  /** Calls that failed and no step with them. */
  readonly unnoticed: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly findings: readonly Finding[];
}

/** Where most points are not reached, the series does not do twice what it did once. */
const REACHED_SHARE_MIN = 0.5;
const JUDGED_MIN = 10;

export function summaryOf(series: SeriesName, points: readonly PointDone[]): Summary {
  const reached = points.filter((each) => each.reached);
  const failed = reached.filter(({ point }) => point.deed !== 'kill');
  const findings = points.flatMap(({ finding }) => finding ?? []);
  if (points.length >= JUDGED_MIN && reached.length < points.length * REACHED_SHARE_MIN) {
    const text = `${series}: only ${reached.length} of ${points.length} points were reached`;
    findings.push({ rule: 'H6', atMs: 0, text });
  }
  return {
    series,
    reached: {
      kill: reached.length - failed.length,
      EIO: failed.filter(({ point }) => point.deed === 'EIO').length,
      ENOSPC: failed.filter(({ point }) => point.deed === 'ENOSPC').length,
    },
    notReached: points.length - reached.length,
    killedAgain: points.filter(({ again }) => again).length,
    givenUp: points.filter(({ givenUp }) => givenUp).length,
    unnoticed: failed.filter(({ refusal }) => refusal === undefined).length,
    refusals: counted(failed.flatMap(({ refusal }) => refusal ?? [])),
    acknowledged: points.reduce((sum, each) => sum + each.acknowledged, 0),
    findings,
  };
}

function counted(codes: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
