import type { Call, StormRecord } from '../trace/record.js';
import { bar, isIn, type Lane, type Span } from './drawing.js';
import { plain } from './words.js';

const HEIGHT = 15;
const BOX = 10;
/** A call that nobody answered is drawn so long: its client went on without it. */
const OPEN_MS = 30;

const WHAT: Readonly<Record<Call['what'], string>> = {
  get: 'reads',
  scan: 'scans from',
  write: 'writes',
  begin: 'begins a transaction',
};

/** A lane for each client: a box for each call, in the colour of its answer. */
export function clientLanes({ calls, slice }: StormRecord, span: Span, key?: string): readonly Lane[] {
  const names = [...new Set(calls.map(({ client }) => client))];
  const clients = names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return clients.map((client) => {
    const own = calls.filter((call) => call.client === client && isIn(span, call.fromMs, endOf(call)));
    const name = client === 'last' ? 'last reads' : client;
    const parts = own.map((call) => {
      const at = { fromMs: call.fromMs, untilMs: endOf(call) };
      const isWrong = slice?.lane === client && call.untilMs === slice.atMs && call.key === key;
      const classes = [
        'call',
        call.end,
        ...(call.isPast ? [] : ['outside']),
        ...(key === undefined || call.key === key ? ['about'] : []),
        ...(isWrong ? ['wrong'] : []),
      ];
      return bar(span, at, { kind: classes.join(' '), title: tellCall(call), y: 2 }, BOX);
    });
    return { name, about: `${name}: ${own.length} calls`, height: HEIGHT, parts };
  });
}

export function endOf({ fromMs, untilMs }: Call): number {
  return untilMs ?? fromMs + OPEN_MS;
}

/** In one line, as a story tells it. */
export function tellCall(call: Call): string {
  const { client, end, expects, fromMs, key, node, said, untilMs, value, what } = call;
  const written = what === 'write' ? plain(value ?? 'nothing') : undefined;
  const object = [key, written].filter(Boolean).join(' = ');
  const condition = expects === undefined ? '' : ` if it holds ${plain(expects)}`;
  const answers = { ok: what === 'get' ? plain(value ?? 'nothing') : 'done', refused: said ?? 'no' };
  const answer = end === 'open' ? 'never answered' : answers[end];
  const until = untilMs === undefined ? '' : ` to ${untilMs}`;
  const named = object === '' ? '' : ` ${object}`;
  return `${client} ${WHAT[what]}${named}${condition} at ${node}, ${fromMs}${until} ms: ${answer}`;
}
