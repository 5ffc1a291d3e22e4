import type { LaneState } from '../cluster/lanes.js';
import type { NodeRecord, Standing } from '../trace/record.js';
import { bar, dot, isIn, type Lane, type Span, stairs, titled } from './drawing.js';
import type { StoredRun } from './stored.js';

const BAR = 14;
const CURVE = 16;
const HEIGHT = BAR + CURVE + 8;

const STATES: Readonly<Record<LaneState, string>> = {
  down: 'is down',
  starts: 'starts',
  serves: 'serves',
  leads: 'leads',
};

/** A lane for each node: what it is, how far its log is applied and durable, and each change of its term. */
export function nodeLanes(run: StoredRun, span: Span): readonly Lane[] {
  const { lanes = {}, record } = run;
  const nodes = Object.values(record?.nodes ?? {});
  const highest = Math.max(1, ...nodes.flatMap(({ reached }) => reached.map(({ durable }) => durable)));
  return Object.entries(lanes).map(([name, changes]) => {
    const node = record?.nodes[name];
    const bars = changes.flatMap(({ atMs, state }, at) => {
      const untilMs = changes[at + 1]?.atMs ?? run.counts.simulatedMs;
      if (!isIn(span, atMs, untilMs)) return [];
      const title = `${name} ${STATES[state]}, ${atMs} to ${untilMs} ms`;
      return [bar(span, { fromMs: atMs, untilMs }, { kind: state, title, y: 2 }, BAR)];
    });
    const more =
      node === undefined ? [] : [...curves(name, node, { span, highest }), ...marks(name, node, span)];
    const veilFromMs = record?.slice && (record.slice.untilMs[name] ?? span.fromMs);
    const height = node === undefined ? BAR + 8 : HEIGHT;
    return { name, about: `node ${name}`, height, parts: [...bars, ...more], veilFromMs };
  });
}

interface Curves {
  readonly span: Span;
  readonly highest: number;
}

function curves(name: string, { reached }: NodeRecord, { highest, span }: Curves): readonly string[] {
  const inside = reached.filter(({ atMs }) => isIn(span, atMs));
  const before = reached.findLast(({ atMs }) => atMs < span.fromMs);
  const points = [...(before === undefined ? [] : [before]), ...inside];
  const last = points.at(-1);
  if (last === undefined) return [];
  const low = Math.min(...points.map(({ applied }) => applied));
  const y = (index: number) => BAR + 4 + CURVE * (1 - (index - low) / Math.max(highest - low, 1));
  const draw = (kind: 'applied' | 'durable') => {
    const title = `${name}: ${kind} from ${points[0]![kind]} to ${last[kind]}`;
    const path = stairs(
      span,
      points.map((point) => [point.atMs, y(point[kind])]),
    );
    return `<path class="${kind}" d="${path}">${titled(title)}</path>`;
  };
  return [draw('durable'), draw('applied')];
}

function marks(name: string, { standings }: NodeRecord, span: Span): readonly string[] {
  return standings.flatMap((standing, at) => {
    if (!isIn(span, standing.atMs)) return [];
    const before = standings[at - 1];
    const kind =
      standing.halted !== undefined ? 'halted' : before?.term === standing.term ? 'stands' : 'term';
    return [dot(span, standing.atMs, { kind, title: `${name}, ${tellStanding(standing)}`, y: 2 + BAR / 2 })];
  });
}

export function tellStanding({ atMs, halted, keys, leader, term }: Standing): string {
  const words = [
    `${atMs} ms: term ${term}`,
    leader === undefined ? 'no leader known' : `led by ${leader}`,
    ...(keys === undefined ? [] : [keys]),
    ...(halted === undefined ? [] : [`halted: ${halted}`]),
  ];
  return words.join(', ');
}
