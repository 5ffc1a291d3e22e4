import type { Call } from '../trace/record.js';
import { RULES } from '../oracles/rules.js';
import { clientLanes, endOf, tellCall } from './client-lanes.js';
import { isIn, type Lane, line, number, type Span, titled } from './drawing.js';
import { escaped } from './markup.js';
import { arrowsOf } from './message-arrows.js';
import { nodeLanes } from './node-lanes.js';
import type { StoredRun } from './stored.js';
import { faultLane, workLanes } from './work-lanes.js';
import { plain } from './words.js';

const AXIS = 20;
const STEPS_MS = [10, 50, 100, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
const TICKS_MAX = 12;
/** Of a lane, where its bar is. */
const MIDDLE = 9;
/** What a character takes, in percent of a chart of usual width. */
const CHARACTER = 0.6;

export interface TimelineOptions {
  /** All of the run where nothing is said. */
  readonly span?: Span;
  /** What broke was about this key. */
  readonly key?: string | undefined;
  /** A part of it, drawn with its messages and with words in it. */
  readonly isClose?: boolean;
}

/** A drawing of a run, or of a part of it: lanes of nodes, clients, faults and work, and what broke. */
export function timelineOf(
  run: StoredRun,
  { isClose = false, key, span = wholeOf(run) }: TimelineOptions = {},
): string {
  const { record } = run;
  const lanes = [
    faultLane(run, span),
    ...workLanes(run, span),
    ...nodeLanes(run, span),
    ...(record === undefined ? [] : clientLanes(record, span, key)),
  ];
  const [tops, height] = stacked(lanes);
  const topOf = new Map(lanes.map(({ name }, at) => [name, tops[at]!]));
  const middleOf = new Map(lanes.map(({ name }, at) => [name, tops[at]! + MIDDLE]));
  const asks = isClose ? asksOf(run, span, { key, tops: topOf }) : [];
  const drawn = lanes.map(({ about, parts, veilFromMs, height: tall }, at) => {
    const veil = veilFromMs === undefined ? '' : veilOf(span, veilFromMs, tall);
    const open = `<g transform="translate(0 ${tops[at]})" role="group" aria-label="${escaped(about)}">`;
    return `${open}${parts.join('')}${veil}</g>`;
  });
  const arrows = record === undefined ? [] : arrowsOf(record, { span, middleOf }, key);
  const length = span.untilMs - span.fromMs;
  const what = isClose ? `${span.fromMs} to ${span.untilMs} ms of seed ${run.seed}` : `seed ${run.seed}`;
  const svg = [
    `<svg viewBox="0 0 ${number(length)} ${height}" preserveAspectRatio="none" style="height:${height}px"`,
    ` role="img" aria-label="timeline, ${what}">`,
    calm(run, span, height),
    ...drawn,
    `<g class="messages">${arrows.join('')}</g><g class="asks">${asks.join('')}</g>`,
    ...broken(run, span, height),
    '</svg>',
  ].join('\n');
  const labels = isClose ? labelsOf(run, span, { key, tops: topOf }) : [];
  const names = lanes.map(({ height: tall, name }) => `<div style="height:${tall}px">${escaped(name)}</div>`);
  return [
    `<div class="chart${isClose ? ' close' : ''}" data-length="${number(length)}">`,
    `<div class="names" aria-hidden="true"><div style="height:${AXIS}px"></div>${names.join('')}</div>`,
    `<div class="scroller" tabindex="0" role="region" aria-label="timeline, ${what}; plus and minus zoom">`,
    `<div class="canvas">${axis(span)}${svg}${labels.join('')}</div></div></div>`,
  ].join('\n');
}

function wholeOf({ counts }: StoredRun): Span {
  return { fromMs: 0, untilMs: Math.max(counts.simulatedMs, 1) };
}

function stacked(lanes: readonly Lane[]): readonly [tops: readonly number[], height: number] {
  let top = 0;
  const tops = lanes.map(({ height }) => (top += height) - height);
  return [tops, top];
}

function veilOf(span: Span, fromMs: number, height: number): string {
  const x = Math.max(fromMs - span.fromMs, 0);
  const width = span.untilMs - span.fromMs - x;
  return width <= 0
    ? ''
    : `<rect class="veil" x="${number(x)}" y="0" width="${number(width)}" height="${height}"/>`;
}

function calm({ begunAtMs }: StoredRun, { fromMs }: Span, height: number): string {
  if (begunAtMs <= fromMs) return '';
  const place = `x="0" y="0" width="${number(begunAtMs - fromMs)}" height="${height}"`;
  return `<rect class="calm" ${place}>${titled('the cluster is put together')}</rect>`;
}

/** A line at what the slice is of, and at everything else that came out. */
function broken({ findings, record }: StoredRun, span: Span, height: number): readonly string[] {
  const { slice } = record ?? {};
  const lines = findings.map(({ atMs, rule, text }, at) => {
    const isSliced = slice?.finding === at;
    const title = `${rule}: ${RULES[rule].statement}. ${text.slice(0, 200)}`;
    return {
      atMs: isSliced ? slice.atMs : atMs,
      title,
      isMain: isSliced || (slice === undefined && at === 0),
    };
  });
  return lines
    .filter(({ atMs }) => isIn(span, atMs))
    .slice(0, 50)
    .map(({ atMs, isMain, title }) => {
      const x = number(atMs - span.fromMs);
      const kind = isMain ? 'broken main' : 'broken';
      return `<line class="${kind}" x1="${x}" x2="${x}" y1="0" y2="${height}">${titled(title)}</line>`;
    });
}

function axis(span: Span): string {
  const length = span.untilMs - span.fromMs;
  const step = STEPS_MS.find((ms) => length / ms <= TICKS_MAX) ?? 120_000;
  const fine = STEPS_MS[Math.max(STEPS_MS.indexOf(step) - 2, 0)] ?? step;
  const ticks: string[] = [];
  for (let ms = Math.ceil(span.fromMs / fine) * fine; ms <= span.untilMs; ms += fine) {
    const left = number(((ms - span.fromMs) / length) * 100);
    const kind = ms % step === 0 ? 'tick' : 'tick fine';
    ticks.push(`<span class="${kind}" style="left:${left}%">${ms.toLocaleString('en-US')}</span>`);
  }
  return `<div class="axis" style="height:${AXIS}px">${ticks.join('')}</div>`;
}

/** Words beside the calls that what broke is about; where two would meet, the later one stays. */
function labelsOf(run: StoredRun, span: Span, { key, tops }: Labelled): readonly string[] {
  const share = (ms: number) => ((ms - span.fromMs) / (span.untilMs - span.fromMs)) * 100;
  const begins = new Map<string, number>();
  return callsOf(run, span, key)
    .toReversed()
    .flatMap((call) => {
      const top = tops.get(call.client);
      const left = share(endOf(call));
      const word = `${call.what === 'get' ? '= ' : ':= '}${plain(call.value ?? 'nothing')}`;
      if (top === undefined || left + word.length * CHARACTER > (begins.get(call.client) ?? Infinity))
        return [];
      begins.set(call.client, share(call.fromMs));
      const classes = `word${call.isPast ? '' : ' outside'}`;
      const style = `left:${number(left)}%;top:${top + AXIS}px`;
      const title = escaped(tellCall(call));
      return [`<span class="${classes}" style="${style}" title="${title}">${escaped(word)}</span>`];
    });
}

/** From client to node and back, of the calls that what broke is about. */
function asksOf(run: StoredRun, span: Span, { key, tops }: Labelled): readonly string[] {
  const { slice } = run.record ?? {};
  return callsOf(run, span, key).flatMap((call) => {
    const [clientY, nodeY] = [tops.get(call.client), tops.get(call.node)];
    if (clientY === undefined || nodeY === undefined) return [];
    const [from, to] = [clientY + MIDDLE - 2, nodeY + MIDDLE];
    const isWrong = call.client === slice?.lane && call.untilMs === slice.atMs;
    const classes = `${isWrong ? 'wrong' : 'ask'}${call.isPast ? '' : ' outside'}`;
    const ways = [
      line(span, [call.fromMs, from], [call.fromMs, to]),
      ...(call.untilMs === undefined ? [] : [line(span, [call.untilMs, to], [call.untilMs, from])]),
    ];
    return ways.map((way) => `<line class="${classes}" ${way}>${titled(tellCall(call))}</line>`);
  });
}

interface Labelled {
  readonly key: string | undefined;
  readonly tops: ReadonlyMap<string, number>;
}

function callsOf({ record }: StoredRun, span: Span, key: string | undefined): readonly Call[] {
  const calls = record?.calls ?? [];
  return calls.filter((call) => {
    const isTold = call.key === key && key !== undefined && call.end === 'ok';
    return isTold && isIn(span, call.fromMs, endOf(call));
  });
}
