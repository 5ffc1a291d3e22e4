import type { LaneState } from '../cluster/lanes.js';
import { escaped } from './markup.js';
import { spansOf } from './spans.js';
import type { StoredRun } from './stored.js';

const WIDTH = 1160;
const LABEL = 44;
const LANE = 30;
const BAR = 16;
const AXIS = 26;
const TICKS = 10;
/** What ends a fault, and is none. */
const RELIEF: ReadonlySet<string> = new Set(['heal', 'start', 'resume', 'clockThaw', 'diskWell', 'keyCalm']);

const STATES: Readonly<Record<LaneState, string>> = {
  down: 'is down',
  starts: 'starts',
  serves: 'serves',
  leads: 'leads',
};

/** A drawing of one run: a lane for each node, a mark for each fault, a line where a rule broke. */
export function timelineOf(run: StoredRun): string {
  const lanes = Object.entries(run.lanes ?? {});
  const height = AXIS + (lanes.length + 1) * LANE;
  const endMs = Math.max(run.counts.simulatedMs, 1);
  const x = (ms: number) => LABEL + (Math.min(ms, endMs) / endMs) * (WIDTH - LABEL);
  const parts = [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="timeline of seed ${run.seed}">`,
    ...axis(endMs, height, x),
    `<rect class="calm" x="0" y="0" width="${fixed(x(run.begunAtMs))}" height="${height}">`,
    '<title>the cluster is put together</title></rect>',
    ...lanes.flatMap(([name, changes], at) => laneOf({ name, changes, y: AXIS + at * LANE, endMs, x })),
    ...faultsOf(run, AXIS + lanes.length * LANE, x),
    ...run.findings.map(({ atMs, rule, text }) => {
      const at = fixed(x(atMs));
      const title = `<title>${escaped(`${rule} at ${atMs} ms: ${text.slice(0, 200)}`)}</title>`;
      return `<line class="broken" x1="${at}" x2="${at}" y1="0" y2="${height}">${title}</line>`;
    }),
    '</svg>',
  ];
  return parts.join('\n');
}

interface LaneDrawing {
  readonly name: string;
  readonly changes: NonNullable<StoredRun['lanes']>[string];
  readonly y: number;
  readonly endMs: number;
  readonly x: (ms: number) => number;
}

function laneOf({ changes, endMs, name, x, y }: LaneDrawing): string[] {
  const bars = changes.map(({ atMs, state }, at) => {
    const untilMs = changes[at + 1]?.atMs ?? endMs;
    const width = Math.max(x(untilMs) - x(atMs), 0.5);
    const title = `${name} ${STATES[state]}, ${atMs} to ${untilMs} ms`;
    const place = `x="${fixed(x(atMs))}" y="${y}" width="${fixed(width)}" height="${BAR}"`;
    return `<rect class="${state}" ${place}><title>${escaped(title)}</title></rect>`;
  });
  return [`<text x="4" y="${y + BAR - 3}">${escaped(name)}</text>`, ...bars];
}

/** Only what was done, not what came of it. */
function faultsOf(run: StoredRun, y: number, x: (ms: number) => number): string[] {
  const { story = [] } = run;
  const bars = spansOf(run).map(({ fromMs, text, untilMs }) => {
    const title = `<title>${escaped(`${text}, ${fromMs} to ${untilMs} ms`)}</title>`;
    const width = fixed(Math.max(x(untilMs) - x(fromMs), 0.5));
    const place = `x="${fixed(x(fromMs))}" y="${y + BAR / 2 - 3}" width="${width}" height="6"`;
    return `<rect class="span" ${place}>${title}</rect>`;
  });
  const done = story.filter(({ kind }) => kind !== undefined);
  const marks = done.map(({ atMs, kind, text }) => {
    const relief = RELIEF.has(kind ?? '') ? ' relief' : '';
    const title = `<title>${escaped(`${atMs} ms: ${text}`)}</title>`;
    return `<circle class="fault${relief}" cx="${fixed(x(atMs))}" cy="${y + BAR / 2}" r="4">${title}</circle>`;
  });
  return [`<text x="4" y="${y + BAR - 3}">faults</text>`, ...bars, ...marks];
}

function axis(endMs: number, height: number, x: (ms: number) => number): string[] {
  const stepMs = Math.max(1000, Math.ceil(endMs / TICKS / 1000) * 1000);
  const times = Array.from({ length: Math.floor(endMs / stepMs) + 1 }, (_, at) => at * stepMs);
  return times.map((ms) => {
    const at = fixed(x(ms));
    const line = `<line class="tick" x1="${at}" x2="${at}" y1="${AXIS - 8}" y2="${height}"/>`;
    return `${line}<text x="${at}" y="12">${ms / 1000} s</text>`;
  });
}

function fixed(value: number): string {
  return value.toFixed(1);
}
