import { escaped } from './markup.js';

/** What part of a run is drawn. One unit of a drawing is a millisecond to the right, and a pixel down. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A row of a timeline, drawn from its own top. */
export interface Lane {
  readonly name: string;
  /** For those who do not see it. */
  readonly about: string;
  readonly height: number;
  readonly parts: readonly string[];
  /** From where on it is out of the past of what broke; absent where that is said of each part. */
  readonly veilFromMs?: number | undefined;
}

export interface Shape {
  readonly kind: string;
  readonly title: string;
  readonly y: number;
}

/** Whether any of it is to be seen. */
export function isIn({ fromMs, untilMs }: Span, beginMs: number, endMs = beginMs): boolean {
  return endMs >= fromMs && beginMs <= untilMs;
}

/** What has no width at all is not drawn. */
const WIDTH_MIN = 0.1;

/** Something that takes time. It is seen however short it is: its border has a pixel of its own. */
export function bar(span: Span, at: Span, { kind, title, y }: Shape, height: number): string {
  const from = Math.max(at.fromMs, span.fromMs);
  const width = Math.max(Math.min(at.untilMs, span.untilMs) - from, WIDTH_MIN);
  const place = `x="${number(from - span.fromMs)}" y="${y}" width="${number(width)}" height="${height}"`;
  return `<rect class="${kind}" ${place}>${titled(title)}</rect>`;
}

/** Something that happens at once: a round mark, however far the drawing is stretched. */
export function dot(span: Span, atMs: number, { kind, title, y }: Shape): string {
  return `<path class="dot ${kind}" d="M${number(atMs - span.fromMs)} ${y}h0">${titled(title)}</path>`;
}

export function line(span: Span, from: readonly [number, number], to: readonly [number, number]): string {
  const [x1, x2] = [number(from[0] - span.fromMs), number(to[0] - span.fromMs)];
  return `x1="${x1}" y1="${from[1]}" x2="${x2}" y2="${to[1]}"`;
}

/** Steps that hold until the next one. */
export function stairs(span: Span, points: readonly (readonly [ms: number, y: number])[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const x = (ms: number) => number(Math.min(Math.max(ms, span.fromMs), span.untilMs) - span.fromMs);
  const steps = rest.map(([ms, y]) => `H${x(ms)}V${number(y)}`).join('');
  return `M${x(first[0])} ${number(first[1])}${steps}H${x(span.untilMs)}`;
}

export function titled(title: string): string {
  return `<title>${escaped(title)}</title>`;
}

export function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Bars in as few rows as keep them apart; the last row takes what is left. */
export function packed<T>(
  items: readonly T[],
  spanOf: (item: T) => Span,
  rowsMax: number,
): readonly (readonly [item: T, row: number])[] {
  const ends: number[] = [];
  const byBegin = items.toSorted((a, b) => spanOf(a).fromMs - spanOf(b).fromMs);
  return byBegin.map((item) => {
    const { fromMs, untilMs } = spanOf(item);
    const free = ends.findIndex((endMs) => endMs <= fromMs);
    const row = free >= 0 ? free : Math.min(ends.length, rowsMax - 1);
    ends[row] = Math.max(ends[row] ?? 0, untilMs);
    return [item, row] as const;
  });
}
