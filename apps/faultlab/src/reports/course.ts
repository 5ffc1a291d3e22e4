import type { Call, Standing } from '../trace/record.js';
import { tellCall } from './client-lanes.js';
import { tellStanding } from './node-lanes.js';
import type { Telling } from './prose.js';
import { spansOf } from './spans.js';
import type { StoredRun } from './stored.js';
import { tellWork } from './work-lanes.js';

const LINES_MAX = 30;

interface Line {
  readonly atMs: number;
  readonly text: string;
  readonly kind: 'fault' | 'node' | 'client' | 'broken';
}

/** What led to it, one thing after the other: faults, what nodes were, and calls for the key it is about. */
export function courseOf(
  run: StoredRun,
  { atMs: brokenMs, ending = 'this is where it broke', key, sinceMs }: Telling,
): readonly Line[] {
  const { lanes = {}, record, story = [] } = run;
  const isIn = (atMs: number) => atMs >= sinceMs && atMs <= brokenMs;
  const before = spansOf(run).filter(({ fromMs, untilMs }) => fromMs < sinceMs && untilMs > sinceMs);
  const faults = story.filter(({ atMs }) => isIn(atMs));
  const states = Object.entries(lanes).flatMap(([node, changes]) =>
    changes
      .filter(({ atMs }) => isIn(atMs))
      .map(({ atMs, state }) => ({ atMs, text: `${node} ${WORDS[state]}` })),
  );
  const terms = Object.entries(record?.nodes ?? {}).flatMap(([node, { standings }]) =>
    standings
      .filter((each, at) => isIn(each.atMs) && isOther(each, standings[at - 1]))
      .map((each) => ({
        atMs: each.atMs,
        text: `${node} is in ${tellStanding(each).replace(/^\d+ ms: /, '')}`,
      })),
  );
  const works = (record?.works ?? []).filter(
    ({ fromMs, lane, said }) => isIn(fromMs) && said !== undefined && lane !== 'order',
  );
  const calls = (record?.calls ?? []).filter(
    (call) => key !== undefined && call.key === key && isIn(call.untilMs ?? call.fromMs) && tells(call),
  );
  const lines: Line[] = [
    ...before.map(({ fromMs, text }): Line => ({ atMs: fromMs, text: `${text} (still so)`, kind: 'fault' })),
    ...faults.map(
      ({ atMs, kind, text }): Line => ({ atMs, text, kind: kind === undefined ? 'node' : 'fault' }),
    ),
    ...[...states, ...terms].map((each): Line => ({ ...each, kind: 'node' })),
    ...works.map((work): Line => ({ atMs: work.fromMs, text: tellWork(work), kind: 'node' })),
    ...calls.map(
      (call): Line => ({ atMs: call.untilMs ?? call.fromMs, text: tellCall(call), kind: 'client' }),
    ),
  ];
  const last = { atMs: brokenMs, text: ending, kind: 'broken' } as const;
  return [...lines.sort((a, b) => a.atMs - b.atMs).slice(-LINES_MAX), last];
}

/** Whether a call had an outcome: one that was only sent elsewhere says little. */
function tells({ end, said }: Call): boolean {
  return end !== 'refused' || said === 'conflict' || said === 'failed';
}

const WORDS = { down: 'is down', starts: 'starts', serves: 'serves', leads: 'leads' } as const;

/** Whether it is another term, or another leader to follow. */
function isOther({ leader, term }: Standing, before: Standing | undefined): boolean {
  return before?.term !== term || (leader !== undefined && before.leader !== leader);
}
