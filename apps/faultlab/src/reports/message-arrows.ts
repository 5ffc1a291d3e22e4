import type { Message, StormRecord } from '../trace/record.js';
import { isIn, line, type Span, titled } from './drawing.js';

/** So long is drawn what never arrives, and so much of its way. */
const LOST_MS = 3;
const LOST_PART = 0.4;

/** From lane to lane: each message from when it was sent to when it arrived. */
export function arrowsOf(
  { entries, messages }: StormRecord,
  { middleOf, span }: { readonly span: Span; readonly middleOf: ReadonlyMap<string, number> },
  key?: string,
): readonly string[] {
  const wanted = new Set(
    entries.filter(({ writes }) => writes.some((each) => each.key === key)).map(indexOf),
  );
  return messages.flatMap((message) => {
    const { arrivedAtMs, from, isPast, sentAtMs, to, what } = message;
    const [fromY, toY] = [middleOf.get(from), middleOf.get(to)];
    const endMs = arrivedAtMs ?? sentAtMs + LOST_MS;
    if (fromY === undefined || toY === undefined || !isIn(span, sentAtMs, endMs)) return [];
    const isLost = arrivedAtMs === undefined;
    const y = isLost ? Math.round(fromY + (toY - fromY) * LOST_PART) : toY;
    const classes = [
      'message',
      ...(isLost ? ['lost'] : []),
      ...(isPast ? [] : ['outside']),
      ...(key !== undefined && carries(what, wanted) ? ['about'] : []),
    ];
    const place = line(span, [sentAtMs, fromY], [endMs, y]);
    return [`<line class="${classes.join(' ')}" ${place}>${titled(tellMessage(message))}</line>`];
  });
}

export function tellMessage({ arrivedAtMs, from, sentAtMs, to, what }: Message): string {
  const end = arrivedAtMs === undefined ? 'never arrives' : `arrives at ${arrivedAtMs} ms`;
  return `${from} to ${to}, ${sentAtMs} ms, ${end}: ${what}`;
}

const indexOf = ({ index }: { readonly index: number }): number => index;

/** Whether it brings one of these entries. */
function carries(what: string, wanted: ReadonlySet<number>): boolean {
  const [, first, last = first] = /append entr(?:y|ies) (\d+)(?: to (\d+))?/.exec(what) ?? [];
  if (first === undefined) return false;
  for (let index = Number(first); index <= Number(last); index++) if (wanted.has(index)) return true;
  return false;
}
