import type { Work } from '../trace/record.js';
import { bar, dot, isIn, type Lane, packed, type Span } from './drawing.js';
import { spansOf } from './spans.js';
import type { StoredRun } from './stored.js';

const ROW = 11;
const BOX = 7;
const ROWS_MAX = 6;
/** What ends a fault, and is none. */
const RELIEF: ReadonlySet<string> = new Set(['heal', 'start', 'resume', 'clockThaw', 'diskWell', 'keyCalm']);

/** What was done to the cluster: a mark for each fault, a bar for as long as it lasts. */
export function faultLane(run: StoredRun, span: Span): Lane {
  const { record, story = [] } = run;
  const lasting = spansOf(run).filter(({ fromMs, untilMs }) => isIn(span, fromMs, untilMs));
  const rows = packed(lasting, (each) => each, ROWS_MAX);
  const bars = rows.map(([{ fromMs, text, untilMs }, row]) => {
    const title = `${text}, ${fromMs} to ${untilMs} ms`;
    return bar(span, { fromMs, untilMs }, { kind: 'span', title, y: ROW * (row + 1) + 4 }, BOX);
  });
  const done = story.filter(({ atMs, kind }) => kind !== undefined && isIn(span, atMs));
  const marks = done.map(({ atMs, kind = '', text }) =>
    dot(span, atMs, { kind: RELIEF.has(kind) ? 'relief' : 'fault', title: `${atMs} ms: ${text}`, y: 8 }),
  );
  const height = ROW * (1 + Math.max(0, ...rows.map(([, row]) => row + 1))) + 6;
  const veilFromMs = record?.slice?.atMs;
  return { name: 'faults', about: `${done.length} faults`, height, parts: [...bars, ...marks], veilFromMs };
}

const NAMES: Readonly<Record<Work['lane'], string>> = {
  order: 'orders',
  key: 'key service',
  disk: 'slow disks',
};

/** Orders, calls to key services, and what disks were slow or failed with: what failed is red. */
export function workLanes({ record }: StoredRun, span: Span): readonly Lane[] {
  const kinds = ['order', 'key', 'disk'] as const;
  return kinds.flatMap((kind) => {
    const own = (record?.works ?? []).filter(({ fromMs, lane, untilMs }) => {
      return lane === kind && isIn(span, fromMs, untilMs ?? Infinity);
    });
    if (own.length === 0) return [];
    const rows = packed(own, (work) => spanOf(work, span), ROWS_MAX / 2);
    const parts = rows.map(([work, row]) => {
      const state = work.untilMs === undefined ? 'open' : work.said === undefined ? 'ok' : 'refused';
      const classes = `work ${state}${work.isPast ? '' : ' outside'}`;
      const shape = { kind: classes, title: tellWork(work), y: ROW * row + 3 };
      return bar(span, spanOf(work, span), shape, BOX);
    });
    const height = ROW * Math.max(1, ...rows.map(([, row]) => row + 1)) + 5;
    return [{ name: NAMES[kind], about: `${NAMES[kind]}: ${own.length}`, height, parts }];
  });
}

function spanOf({ fromMs, untilMs }: Work, { untilMs: endMs }: Span): Span {
  return { fromMs, untilMs: untilMs ?? endMs };
}

export function tellWork({ fromMs, node, said, untilMs, what }: Work): string {
  const end = untilMs === undefined ? 'came to no end' : (said ?? 'done');
  return `${node}: ${what}, ${fromMs}${untilMs === undefined ? '' : ` to ${untilMs}`} ms: ${end}`;
}
